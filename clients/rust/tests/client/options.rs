//! Invalid options.

use crate::log_lines::LogLines;
use dlq_client::testing::FakeDlq;
use dlq_client::v1::StatsRequest;
use dlq_client::{Client, ClientBuilder, Coalesce, ErrorKind, Receipt, SpoolOptions, Transport};
use http::{Request, Response};
use std::future::IntoFuture;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tonic::Status;
use tonic::body::Body;
use tower::layer::layer_fn;
use tower::service_fn;
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

#[tokio::test]
async fn invalid_options_fail_when_they_are_used() {
    for target in ["", "ftp://localhost", "http://"] {
        let error = Client::builder(target).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{target}");
    }
    let client = Client::builder("http://127.0.0.1:1")
        .without_spool()
        .build()
        .unwrap();
    let error = client
        .worker([""; 0])
        .run(|_| async { Ok::<(), io::Error>(()) })
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn a_queue_without_a_name_is_refused_also_while_the_service_is_down() {
    let fake = FakeDlq::new();
    fake.go_down();
    let client = fake.client().unwrap();
    let handler = |_| async { Ok::<(), io::Error>(()) };
    let worker = client.worker(["orders", ""]).run(handler).unwrap_err();
    let send = client.send_request("", "a").await.unwrap_err();
    for error in [worker, send] {
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.to_string(), "a queue has no name; give its name");
    }
}

#[tokio::test]
async fn a_timeout_is_below_the_time_for_which_the_service_recognizes_a_request() {
    for timeout in [Duration::ZERO, Duration::from_secs(600), Duration::MAX] {
        let builder = Client::builder("127.0.0.1:1").without_spool();
        let error = builder.timeout(timeout).build().unwrap_err();
        assert_eq!(
            error.to_string(),
            "timeout must be longer than 0 and below 10 min"
        );
    }
    let builder = Client::builder("127.0.0.1:1").without_spool();
    let client = builder.timeout(Duration::from_secs(599)).build().unwrap();
    let send = client.send_request("q", "a").timeout(Duration::MAX);
    assert!(
        format!("{send:?}").contains("timeout: Some(599.999s)"),
        "{send:?}"
    );
    drop(send);
}

#[tokio::test]
async fn options_of_coalescing_out_of_their_range_are_refused() {
    let build = |change: fn(&mut Coalesce)| {
        let mut coalesce = Coalesce::default();
        change(&mut coalesce);
        let builder = Client::builder("127.0.0.1:1").without_spool();
        builder.coalesce(coalesce).build().map_err(|error| {
            assert_eq!(error.kind(), ErrorKind::Invalid);
            error.to_string()
        })
    };
    let cases: [(fn(&mut Coalesce), _); 8] = [
        (|one| one.max_messages = 0, "max_messages is 0; give 1 to 1000"),
        (
            |one| one.max_messages = 1_001,
            "max_messages is 1001; give 1 to 1000",
        ),
        (|one| one.max_bytes = 0, "max_bytes is 0; give 1 to 3670016"),
        (
            |one| one.max_bytes = 3_670_017,
            "max_bytes is 3670017; give 1 to 3670016",
        ),
        (|one| one.max_calls = 0, "max_calls is 0; give 1 or more"),
        (
            |one| one.max_pending_messages = 0,
            "max_pending_messages is 0; give 1 or more",
        ),
        (
            |one| one.max_pending_bytes = 0,
            "max_pending_bytes is 0; give 1 or more",
        ),
        (
            |one| one.max_delay = Duration::from_millis(60_500),
            "max_delay is 60.5s; give 0 to 60s",
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(build(change).unwrap_err(), format!("Coalesce::{expected}"));
    }
    build(|one| (one.max_messages, one.max_bytes) = (1_000, 3_670_016)).unwrap();
    build(|one| one.max_delay = Duration::ZERO).unwrap();
}

#[cfg(feature = "tls")]
#[test]
fn the_debug_text_of_tls_options_has_no_key() {
    let options = dlq_client::TlsOptions {
        identity: Some((b"certificate".to_vec(), b"key".to_vec())),
        ..dlq_client::TlsOptions::default()
    };
    let shown = format!("{options:?}");
    assert!(!shown.contains(&format!("{:?}", b"key")), "{shown}");
}

#[tokio::test]
async fn a_token_in_plaintext_to_another_host_gives_one_warning() {
    let log = LogLines::default();
    let _logs = tracing::subscriber::set_default(registry().with(log.clone()));
    let build = |target: &str| {
        let builder = Client::builder(target).token("secret-of-the-shop");
        builder.without_spool().build().unwrap()
    };
    build("localhost:1");
    assert_eq!(log.with("plaintext"), []);
    build("http://a:1");
    let line = "the token goes to a:1 in plaintext; use https://a:1 and a server with TLS".to_owned();
    assert_eq!(log.with("plaintext"), [(Level::WARN, line)]);
}

/// Returns a client that records the `authorization` of each call.
fn recording(builder: ClientBuilder) -> (ClientBuilder, mpsc::UnboundedReceiver<String>) {
    let (report, tokens) = mpsc::unbounded_channel();
    let layer = layer_fn(move |_: Transport| {
        let report = report.clone();
        service_fn(move |request: Request<Body>| {
            let token = &request.headers()["authorization"];
            report.send(token.to_str().unwrap().to_owned()).unwrap();
            async { Err::<Response<Body>, _>(Status::unavailable("closed for the night")) }
        })
    });
    (builder.layer(layer), tokens)
}

#[tokio::test]
async fn a_token_function_is_called_for_each_call() {
    let calls = AtomicUsize::new(0);
    let builder = Client::builder("127.0.0.1:1")
        .without_spool()
        .token_from(move || {
            let call = calls.fetch_add(1, Ordering::Relaxed);
            async move {
                match call {
                    0 => Err("no token server"),
                    _ => Ok(format!("token-{call}\n")),
                }
            }
        });
    let (builder, mut tokens) = recording(builder);
    let client = builder.build().unwrap();
    let _sending = client.send_request("q", "a").into_future();
    for token in ["Bearer token-1", "Bearer token-2"] {
        assert_eq!(tokens.recv().await.unwrap(), token);
    }
    let status = client.stubs().stats(StatsRequest::default()).await.unwrap_err();
    assert_eq!(status.message(), "closed for the night");
}

#[tokio::test]
async fn a_send_without_a_token_goes_to_the_spool_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::builder("127.0.0.1:1")
        .token_from(|| async { Err::<String, _>("no token server") })
        .timeout(Duration::from_secs(599))
        .spool(SpoolOptions {
            folder: Some(folder.path().to_owned()),
            ..SpoolOptions::default()
        })
        .build()
        .unwrap();
    let receipt = client.send_request("q", "a").await.unwrap();
    assert_eq!(receipt, Receipt::Spooled { durable: true });
}

#[tokio::test]
async fn a_token_function_that_panics_has_failed() {
    let folder = tempfile::tempdir().unwrap();
    let builder = Client::builder("127.0.0.1:1").timeout(Duration::from_secs(599));
    let builder =
        builder.token_from(|| -> std::future::Ready<Result<String, io::Error>> { panic!("no vault") });
    let client = builder.spool(SpoolOptions {
        folder: Some(folder.path().to_owned()),
        ..SpoolOptions::default()
    });
    let client = client.build().unwrap();
    let receipt = client.send_request("q", "a").await.unwrap();
    assert_eq!(receipt, Receipt::Spooled { durable: true });
    let error = client.ping().await.unwrap_err().to_string();
    assert!(
        error.contains("there is no token: its function panicked"),
        "{error}"
    );
}

#[tokio::test]
async fn an_error_names_the_failure_of_the_token_function() {
    let builder = Client::builder("127.0.0.1:1").without_spool();
    let builder = builder.token_from(|| async { Err::<String, _>("no token server") });
    let client = builder.timeout(Duration::from_millis(20)).build().unwrap();
    let error = client.send_request("q", "a").await.unwrap_err();
    assert!(
        error.to_string().contains("there is no token: no token server;"),
        "{error}"
    );
    assert!(!error.maybe_stored());
    let error = Client::builder("127.0.0.1:1").token("a\nb").build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}
