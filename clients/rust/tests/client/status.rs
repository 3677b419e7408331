//! What a program can ask its client: status and ping.

use crate::timed_out;
use dlq_client::testing::{FakeDlq, LocalServer};
use dlq_client::{Client, ErrorKind, SpoolOptions};
use std::collections::HashMap;
use std::net::TcpListener;
use std::time::Duration;

const TOKEN: &str = "a-long-enough-secret-token";

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test]
async fn a_ping_returns_its_time_or_says_what_is_wrong() {
    let settings = HashMap::from([("DLQ_TOKENS".to_owned(), TOKEN.to_owned())]);
    let server = LocalServer::start_with(settings).unwrap();
    let builder = || Client::builder(server.target()).without_spool();
    let client = builder().token(TOKEN).build().unwrap();
    assert!(client.ping().await.unwrap() > Duration::ZERO);
    client.close().await;
    assert_eq!(client.ping().await.unwrap_err().kind(), ErrorKind::Closed);
    let refused = builder().build().unwrap().ping().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
    assert!(refused.to_string().contains("`token`"), "{refused}");
    assert!(!refused.maybe_stored());
    let nobody = free_address();
    let client = Client::builder(&*nobody).without_spool().build().unwrap();
    let unanswered = client.ping().await.unwrap_err();
    assert_eq!(unanswered.kind(), ErrorKind::Connection);
    let text = unanswered.to_string();
    assert!(text.starts_with(&format!("{nobody} does not answer: ")), "{text}");
    assert!(text.contains("Connection refused"), "{text}");
}

#[tokio::test]
async fn the_status_says_what_waits_in_the_spool_since_when_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let spool = SpoolOptions {
        folder: Some(folder.path().to_owned()),
        ..SpoolOptions::default()
    };
    let client = Client::builder(free_address()).spool(spool).build().unwrap();
    let status = client.status();
    assert!(status.is_available);
    assert_eq!((status.last_error, status.spool.unwrap().messages), (None, 0));
    for payload in ["a", "b"] {
        client.send("q", payload, &timed_out()).await.unwrap();
    }
    let status = client.status();
    assert!(!status.is_available);
    assert!(status.last_error.unwrap().contains("Connection refused"));
    assert_eq!(status.sends.spooled, 2);
    let spool = status.spool.unwrap();
    assert_eq!(spool.messages, 2);
    assert!(spool.bytes > 100, "{spool:?}");
    assert!(spool.oldest_age < Duration::from_secs(60), "{spool:?}");
    client.close().await;
    assert_eq!(client.status().spool.unwrap().messages, 0);
}

#[tokio::test]
async fn sends_are_counted_by_their_result() {
    let fake = FakeDlq::new();
    let client = fake.builder().on_dropped(|_, _| {}).build().unwrap();
    let send = || client.send_request("q", "a").dedup_key("k");
    send().await.unwrap();
    send().await.unwrap();
    client.send_request("no/queue", "a").await.unwrap_err();
    fake.go_down();
    let mut dropped = 1;
    while client.status().is_available {
        let send = client.send_request("q", "a").timeout(Duration::from_millis(100));
        send.await.unwrap_err();
        dropped += 1;
    }
    let status = client.status();
    assert_eq!(status.spool, None);
    let sends = status.sends;
    assert_eq!((sends.sent, sends.joined, sends.dropped), (1, 1, dropped));
    assert_eq!(status.last_error.unwrap(), "the fake is down");
    let unavailable = client.ping().await.unwrap_err();
    assert_eq!(unavailable.kind(), ErrorKind::Connection);
    fake.come_back();
    client.ping().await.unwrap();
    assert!(client.status().is_available);
}
