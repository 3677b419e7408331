//! A proxy that answers in the service's place.

use dlq_client::{Client, Receipt, SpoolOptions};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tempfile::TempDir;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tower::layer::layer_fn;
use tower::service_fn;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry;

struct Lines(mpsc::Sender<String>);

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Words(&self.0));
    }
}

struct Words<'a>(&'a mpsc::Sender<String>);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            let _ = self.0.send(format!("{value:?}"));
        }
    }
}

/// Each call is answered by an HTTP status alone; gives how many there were, and one letter lies in the folder.
async fn client_with_a_letter(status: fn(call: usize) -> u16) -> (Arc<AtomicUsize>, Client, TempDir) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let layer = layer_fn(move |_: dlq_client::Transport| {
        let calls = Arc::clone(&counter);
        service_fn(move |_: Request<Body>| {
            let status = status(calls.fetch_add(1, Ordering::Relaxed));
            async move { Ok::<_, tonic::Status>(Response::builder().status(status).body(Body::empty()).unwrap()) }
        })
    });
    let folder = tempfile::tempdir().unwrap();
    let spool = SpoolOptions {
        folder: Some(folder.path().to_owned()),
        ..SpoolOptions::default()
    };
    let builder = Client::builder("http://127.0.0.1:1").layer(layer);
    let client = builder.spool(spool).build().unwrap();
    let receipt = client.letter("orders", "a").await.unwrap();
    assert!(matches!(receipt, Receipt::Spooled { durable: true }));
    (calls, client, folder)
}

#[tokio::test]
async fn what_it_refuses_waits_and_is_told_once() {
    let (lines, told) = mpsc::channel();
    let _logs = tracing::subscriber::set_default(registry().with(Lines(lines)));
    let (calls, _client, _folder) = client_with_a_letter(|_| 404).await;
    // Already now: a job may end at once, and the courier have no time to find out.
    let told_of = || told.try_iter().filter(|line| line.contains("keeps what"));
    let lines: Vec<String> = told_of().collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("404 Not Found; is the target the gRPC address"),
        "{lines:?}"
    );
    while calls.load(Ordering::Relaxed) < 4 {
        tokio::task::yield_now().await;
    }
    assert_eq!(told_of().next(), None);
}

// As while it is rolled out: what it knows of the route differs from one call to the next.
#[tokio::test]
async fn one_of_two_minds_is_not_asked_without_a_pause() {
    let _logs = tracing::subscriber::set_default(registry()); // else its line may count as wanted by none
    let (calls, _client, _folder) = client_with_a_letter(|call| [404, 503][call % 2]).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let calls = calls.load(Ordering::Relaxed);
    assert!(calls < 30, "{calls} calls in 3 s");
}
