//! An unknown server, such as a proxy, answers instead of the service.

use crate::spool_warnings::logged;
use dlq_client::{Client, Receipt, SpoolOptions};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tower::layer::layer_fn;
use tower::service_fn;
use tracing_subscriber::registry;

/// Returns a client with one spooled message, whose calls get an HTTP status, and the number of its calls.
async fn client_with_spooled_message(
    target: &str,
    status: fn(call: usize) -> u16,
) -> (Arc<AtomicUsize>, Client, TempDir) {
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
    let builder = Client::builder(target).layer(layer);
    let client = builder.spool(spool).build().unwrap();
    let receipt = client.send_request("orders", "a").await.unwrap();
    assert!(matches!(receipt, Receipt::Spooled { durable: true }));
    (calls, client, folder)
}

#[tokio::test]
async fn a_refused_message_waits_and_one_warning_is_logged() {
    let line = "messages wait in the spool for 127.0.0.1:2 (1): ";
    assert_eq!(logged(line), []);
    let (calls, _client, _folder) = client_with_spooled_message("127.0.0.1:2", |_| 404).await;
    // Logged before the send returned: a job may end before the spool sender's first call.
    let warnings = logged(line);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let advice = "404 Not Found; check that the target is the gRPC address";
    assert!(warnings[0].1.contains(advice), "{warnings:?}");
    while calls.load(Ordering::Relaxed) < 4 {
        tokio::task::yield_now().await;
    }
    assert_eq!(logged("for 127.0.0.1:2 "), warnings);
}

// During a deployment, a proxy's answers may change from call to call.
#[tokio::test]
async fn a_proxy_with_changing_answers_is_called_with_pauses() {
    let _logs = tracing::subscriber::set_default(registry()); // else tracing may disable its log lines for other tests
    let (calls, _client, _folder) =
        client_with_spooled_message("127.0.0.1:1", |call| [404, 503][call % 2]).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let calls = calls.load(Ordering::Relaxed);
    assert!(calls < 30, "{calls} calls in 3 s");
}
