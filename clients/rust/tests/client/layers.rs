//! Tower layers: around a client's connections, and around a service whose failed requests are sent.

use crate::{server, timed_out};
use dlq_client::testing::{FakeDlq, FakeState};
use dlq_client::{Client, Json};
use std::sync::{Arc, Mutex};
use tonic::body::Body;
use tonic::codegen::http;
use tower::layer::layer_fn;
use tower::{Layer, ServiceExt, service_fn};

#[tokio::test]
async fn a_layer_sees_each_call() {
    let server = server();
    let paths = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&paths);
    let layer = layer_fn(move |transport: dlq_client::Transport| {
        let seen = Arc::clone(&seen);
        transport.map_request(move |request: http::Request<Body>| {
            seen.lock().unwrap().push(request.uri().path().to_owned());
            request
        })
    });
    let builder = Client::builder(server.target()).without_spool();
    let client = builder.layer(layer).build().unwrap();
    client.send_request("layered", "a").await.unwrap();
    assert_eq!(*paths.lock().unwrap(), ["/dlq.v1.DlqService/SendToDlq"]);
}

#[tokio::test]
async fn a_failed_request_is_sent_and_its_error_returned() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let service = service_fn(|number: u32| async move {
        if number == 17 {
            Err(timed_out())
        } else {
            Ok(number)
        }
    });
    let service = client
        .dead_letter_layer("orders", |number: &u32| Json(*number))
        .layer(service);
    assert_eq!(service.clone().oneshot(16).await.unwrap(), 16);
    let error: std::io::Error = service.oneshot(17).await.unwrap_err();
    assert_eq!(error.to_string(), "bank is slow");
    let messages = fake.wait_for("orders", FakeState::Scheduled, 1).await;
    assert_eq!(messages[0].payload().text(), "17");
    assert_eq!(messages[0].failures[0].r#type, "std::io::error::Error [TimedOut]");
    assert!(messages[0].failures[0].stack_trace.contains("layers.rs"));
}

#[tokio::test]
async fn the_request_of_a_service_that_panics_in_call_is_sent() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let service = service_fn(|number: u32| {
        assert_ne!(number, 17, "no such order");
        std::future::ready(Ok::<_, std::io::Error>(number))
    });
    let layer = client.dead_letter_layer("orders", |number: &u32| Json(*number));
    let call = tokio::spawn(layer.layer(service).oneshot(17));
    assert!(call.await.unwrap_err().is_panic());
    let messages = fake.wait_for("orders", FakeState::Scheduled, 1).await;
    assert_eq!(messages[0].failures[0].r#type, "panic");
    assert!(messages[0].failures[0].message.contains("no such order"));
}
