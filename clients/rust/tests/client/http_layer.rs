//! The layer for HTTP services, in axum.

use crate::{client_of, server, timed_out};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, Response, StatusCode};
use axum::routing::{any, post};
use dlq_client::testing::{FakeDlq, FakeMessage, FakeState};
use dlq_client::v1::StatsRequest;
use dlq_client::{BoxError, Client};
use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tower::{Layer, Service, ServiceExt, service_fn};

/// Serves `router` on a free port.
async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Connects and sends the head of a request, and the beginning of its body.
async fn begin(address: SocketAddr, head: &str, length: usize, body: &str) -> TcpStream {
    let mut caller = TcpStream::connect(address).await.unwrap();
    let head = format!("{head}\r\nhost: shop\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    caller.write_all(head.as_bytes()).await.unwrap();
    caller
}

async fn answer_of(mut caller: TcpStream) -> String {
    let mut answer = String::new();
    caller.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn one(fake: &FakeDlq) -> FakeMessage {
    fake.wait_for("orders", FakeState::Scheduled, 1).await.remove(0)
}

fn request(body: impl Into<Body>) -> Request<Body> {
    Request::post("/orders").body(body.into()).unwrap()
}

async fn fails(body: String) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("no stock for {body}"))
}

#[tokio::test]
async fn a_request_with_answer_500_is_kept_and_its_caller_gets_the_answer() {
    let fake = FakeDlq::new();
    let layer = fake
        .client()
        .unwrap()
        .dead_letter_http_layer("orders")
        .secret_parameters(["card"]);
    let address = serve(Router::new().route("/orders", post(fails)).layer(layer)).await;
    let head = "POST /orders?shop=1&token=hunter2&card=hunter2 HTTP/1.1\r\nidempotency-key: order-17\r\ncontent-type: text/plain\r\n\
        content-encoding: identity\r\nauthorization: hunter2\r\ncookie: hunter2\r\nx-api-key: hunter2\r\n\
        traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let answer = answer_of(begin(address, head, 3, "a17").await).await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    assert!(answer.ends_with("no stock for a17"), "{answer}");
    let message = one(&fake).await;
    assert_eq!(message.payload().text(), "a17");
    assert_eq!(message.payload().content_type(), "text/plain");
    assert_eq!(message.request.source_id, "order-17");
    assert!(message.request.trace_context.is_some());
    let attributes = &message.request.attributes;
    for (name, value) in [
        ("http.method", "POST"),
        ("http.path", "/orders"),
        ("http.query", "shop=1&token=[hidden]&card=[hidden]"),
        ("http.content_encoding", "identity"),
    ] {
        assert_eq!(attributes.get(name).map(String::as_str), Some(value), "{name}");
    }
    let failure = &message.failures[0];
    assert_eq!(
        failure.message,
        "the service answered with HTTP status 500 Internal Server Error"
    );
    assert_eq!(failure.http_status, Some(500));
    assert!(!format!("{message:?}").contains("hunter2"), "{message:?}");
}

#[tokio::test]
async fn other_answers_and_other_methods_are_not_kept() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let router = Router::new()
        .route("/orders", any(fails))
        .route("/wrong", post(|| async { StatusCode::BAD_REQUEST }))
        .layer(client.dead_letter_http_layer("orders"));
    for (method, path, status) in [(Method::GET, "/orders", 500), (Method::POST, "/wrong", 400)] {
        let request = Request::builder().method(method).uri(path).body(Body::empty());
        let answer = router.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
    }
    client.flush().await;
    assert!(fake.messages("orders").is_empty());
}

#[tokio::test]
async fn a_panic_before_the_body_is_read_never_makes_a_part_the_whole() {
    let length = "content-length: 6\r\n\r\n";
    let chunked = "transfer-encoding: chunked\r\n\r\n3\r\n";
    for (header, rest) in [(length, ""), (chunked, "\r\n"), (length, "def")] {
        let fake = FakeDlq::new();
        let layer = fake.client().unwrap().dead_letter_http_layer("orders");
        let router = Router::new().route("/orders", post(|_: Body| async { panic!("no such order") as () }));
        let address = serve(router.layer(layer)).await;
        let mut caller = TcpStream::connect(address).await.unwrap();
        let request = format!("POST /orders HTTP/1.1\r\nhost: shop\r\n{header}abc{rest}");
        caller.write_all(request.as_bytes()).await.unwrap();
        let message = loop {
            if let Some(message) = fake.messages("orders").pop() {
                break message;
            }
            tokio::task::yield_now().await;
        };
        assert!(message.failures[0].message.contains("no such order"));
        let is_whole = message.state == FakeState::Scheduled;
        assert_ne!(is_whole, message.request.attributes.contains_key("http.body"));
        assert_eq!(is_whole, message.payload().text() == "abcdef", "{message:?}");
    }
}

#[tokio::test]
async fn what_a_failed_handler_has_not_read_is_kept_too() {
    let fake = FakeDlq::new();
    let layer = fake.client().unwrap().dead_letter_http_layer("orders");
    let router = Router::new().route("/orders", post(|_: Body| async { StatusCode::BAD_GATEWAY }));
    let address = serve(router.layer(layer)).await;
    let mut caller = begin(address, "POST /orders HTTP/1.1", 6, "abc").await;
    let mut status = [0; 12];
    caller.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 502");
    caller.write_all(b"def").await.unwrap();
    let message = one(&fake).await;
    assert_eq!(message.payload().text(), "abcdef");
    assert!(!message.request.attributes.contains_key("http.body"));
}

#[tokio::test]
async fn a_handler_reads_the_body_as_it_comes() {
    let fake = FakeDlq::new();
    let layer = fake.client().unwrap().dead_letter_http_layer("orders");
    let (report, mut read) = mpsc::unbounded_channel();
    let handler = move |mut body: Body| {
        let report = report.clone();
        async move {
            while let Some(frame) = next(&mut body).await {
                report.send(frame).unwrap();
            }
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    let address = serve(Router::new().route("/orders", post(handler)).layer(layer)).await;
    let mut caller = begin(address, "POST /orders HTTP/1.1", 6, "abc").await;
    assert_eq!(read.recv().await.unwrap(), "abc");
    caller.write_all(b"def").await.unwrap();
    assert_eq!(read.recv().await.unwrap(), "def");
    assert_eq!(one(&fake).await.payload().text(), "abcdef");
}

async fn next(body: &mut Body) -> Option<Bytes> {
    let frame = poll_fn(|context| http_body::Body::poll_frame(Pin::new(&mut *body), context)).await;
    frame?.ok()?.into_data().ok()
}

#[tokio::test]
async fn a_body_that_breaks_is_never_kept_as_whole() {
    let fake = FakeDlq::new();
    let layer = fake.client().unwrap().dead_letter_http_layer("orders");
    let (ask, asked) = oneshot::channel::<()>();
    let ask = std::sync::Mutex::new(Some(ask));
    let handler = async move |mut body: Body| {
        let first = next(&mut body).await;
        drop(ask.lock().unwrap().take());
        let rest = next(&mut body).await;
        assert_eq!((first.as_deref(), rest), (Some(&b"abc"[..]), None));
        StatusCode::INTERNAL_SERVER_ERROR
    };
    let handler = std::sync::Arc::new(handler);
    let handler = move |body: Body| {
        let handler = std::sync::Arc::clone(&handler);
        async move { handler(body).await }
    };
    let address = serve(Router::new().route("/orders", post(handler)).layer(layer)).await;
    let caller = begin(address, "POST /orders HTTP/1.1", 6, "abc").await;
    asked.await.unwrap_err();
    drop(caller);
    let message = fake.wait_for("orders", FakeState::Quarantined, 1).await.remove(0);
    assert_eq!(message.request.attributes["http.body"], "cut");
    assert_eq!(message.payload().text(), "abc");
}

#[tokio::test]
async fn a_body_above_the_limit_reaches_the_handler_whole_and_is_quarantined_as_cut() {
    let server = server();
    let client = client_of(&server);
    let router = Router::new()
        .route("/orders", post(fails))
        .layer(client.dead_letter_http_layer("http-cut").max_body_bytes(4));
    let answer = router.oneshot(request("abcdef")).await.unwrap();
    let body = axum::body::to_bytes(answer.into_body(), 1_000).await.unwrap();
    assert_eq!(body, "no stock for abcdef");
    client.flush().await;
    let request = StatsRequest {
        queues: vec!["http-cut".to_owned()],
        ..StatsRequest::default()
    };
    let stats = client.stubs().stats(request).await.unwrap().into_inner();
    assert_eq!(stats.queues[0].quarantined, 1);
}

#[tokio::test]
async fn an_empty_body_is_kept() {
    let server = server();
    let client = client_of(&server);
    let layer = client
        .dead_letter_http_layer("http-empty")
        .send_options(|head, send| {
            send.attribute("version", head.headers()["version"].to_str().unwrap())
                .delay(Duration::ZERO)
        });
    let router = Router::new().route("/orders/17", any(fails)).layer(layer);
    let request = Request::delete("/orders/17")
        .header("version", "2")
        .body(Body::empty());
    router.oneshot(request.unwrap()).await.unwrap();
    let mut deliveries = client.worker(["http-empty"]).stream().unwrap();
    let delivery = deliveries.next().await.unwrap();
    assert_eq!(delivery.attributes()["http.method"], "DELETE");
    assert_eq!(delivery.attributes()["version"], "2");
    assert_eq!(delivery.payload().text(), "");
    delivery.succeed();
}

fn never(client: &Client, read: oneshot::Sender<String>) -> Router {
    let read = std::sync::Arc::new(std::sync::Mutex::new(Some(read)));
    let handler = move |body: String| {
        let read = read.lock().unwrap().take();
        async move {
            read.unwrap().send(body).unwrap();
            pending::<StatusCode>().await
        }
    };
    let router = Router::new().route("/orders", post(handler));
    router.layer(client.dead_letter_http_layer("orders"))
}

#[tokio::test]
async fn a_request_is_kept_if_its_caller_hangs_up() {
    let fake = FakeDlq::new();
    let (report, read) = oneshot::channel();
    let address = serve(never(&fake.client().unwrap(), report)).await;
    let caller = begin(address, "POST /orders HTTP/1.1", 3, "abc").await;
    assert_eq!(read.await.unwrap(), "abc");
    drop(caller);
    let message = one(&fake).await;
    assert_eq!(message.payload().text(), "abc");
    assert_eq!(message.failures[0].r#type, "dropped");
    assert!(!message.request.attributes.contains_key("http.body"));
}

#[tokio::test]
async fn a_request_is_kept_if_a_layer_around_waits_no_longer() {
    let fake = FakeDlq::new();
    let (report, read) = oneshot::channel();
    let call = tokio::spawn(never(&fake.client().unwrap(), report).oneshot(request("abc")));
    assert_eq!(read.await.unwrap(), "abc");
    call.abort();
    assert_eq!(one(&fake).await.failures[0].r#type, "dropped");
}

#[tokio::test]
async fn the_service_keeps_its_error_type() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let boxed = service_fn(|_| async { Err::<Response<Body>, BoxError>(timed_out().into()) });
    let boxed = client.dead_letter_http_layer("orders").layer(boxed);
    let error: BoxError = boxed.oneshot(request("a")).await.unwrap_err();
    assert!(error.is::<std::io::Error>());
    assert_eq!(
        one(&fake).await.failures[0].r#type,
        "std::io::error::Error [TimedOut]"
    );
    let never = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
    let mut never = client.dead_letter_http_layer("orders").layer(never);
    let _: Result<Response<Body>, Infallible> = never.ready().await.unwrap().call(request("b")).await;
}

/// The layer of any tower service fits axum, too.
#[tokio::test]
async fn a_layer_with_its_own_payload_is_a_layer_of_axum() {
    let fake = FakeDlq::new();
    let path = |request: &Request<Body>| request.uri().path().to_owned();
    let layer = fake.client().unwrap().dead_letter_layer("orders", path);
    let router = Router::new().route("/orders", post(|| async { panic!("no such order") as () }));
    let call = tokio::spawn(router.layer(layer).oneshot(request("a")));
    assert!(call.await.unwrap_err().is_panic());
    assert_eq!(one(&fake).await.payload().text(), "/orders");
}
