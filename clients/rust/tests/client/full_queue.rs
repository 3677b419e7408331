//! Sends to a full queue.

use dlq_client::testing::LocalServer;
use dlq_client::{Client, Receipt, SpoolOptions};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tonic::body::Body;
use tonic::codegen::http::Request;
use tower::ServiceExt;
use tower::layer::layer_fn;

#[tokio::test]
async fn retries_of_messages_for_a_full_queue_share_calls() {
    let settings = HashMap::from([("DLQ_MAX_MESSAGES".to_owned(), "1".to_owned())]);
    let server = LocalServer::start_with(settings).unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let layer = layer_fn(move |transport: dlq_client::Transport| {
        let calls = Arc::clone(&counter);
        transport.map_request(move |request: Request<Body>| {
            calls.fetch_add(1, Ordering::Relaxed);
            request
        })
    });
    let folder = tempfile::tempdir().unwrap();
    let spool = SpoolOptions {
        folder: Some(folder.path().to_owned()),
        ..SpoolOptions::default()
    };
    let client = Client::builder(server.target())
        .layer(layer)
        .spool(spool)
        .build()
        .unwrap();
    client.send_request("full", "first").await.unwrap();
    let sends: Vec<_> = (0..500)
        .map(|n| tokio::spawn(client.send_request("full", n.to_string()).into_future()))
        .collect();
    for send in sends {
        assert!(matches!(
            send.await.unwrap().unwrap(),
            Receipt::Spooled { durable: true }
        ));
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let before = calls.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let calls = calls.load(Ordering::Relaxed) - before;
    assert!(calls < 25, "{calls} calls in 5 s");
}
