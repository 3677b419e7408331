//! Log lines of a program without a `tracing` subscriber.

use crate::timed_out;
use dlq_client::testing::{FakeDlq, FakeState};
use dlq_client::{Client, SpoolOptions};
use std::io;
use std::process::Command;
use std::time::Duration;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt;

const WITH_SUBSCRIBER: &str = "DLQ_TEST_SUBSCRIBER";

/// Runs in a process of its own, because a subscriber is global.
#[tokio::test]
#[ignore = "the other test runs it"]
async fn program() {
    if std::env::var_os(WITH_SUBSCRIBER).is_some() {
        registry().init();
    }
    let timeout = Duration::from_millis(20);
    let client = Client::builder("127.0.0.1:1").without_spool().timeout(timeout);
    client
        .build()
        .unwrap()
        .send_request("lost", "a")
        .await
        .unwrap_err();
    let folder = tempfile::tempdir().unwrap();
    let client = Client::builder("127.0.0.1:1").spool(SpoolOptions {
        folder: Some(folder.path().to_owned()),
        ..SpoolOptions::default()
    });
    client.build().unwrap().send_request("late", "a").await.unwrap();
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let send = client.send("orders", "a", &timed_out()).max_retries(1);
    send.await.unwrap();
    let _worker = client
        .worker(["orders"])
        .run(|_| async { Err::<(), _>(io::Error::other("no stock")) });
    fake.wait_for("orders", FakeState::Quarantined, 1).await;
}

#[test]
fn lines_go_to_standard_error_only_without_a_subscriber() {
    let lines = |with_subscriber: bool| {
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args(["standard_error::program", "--exact", "--ignored", "--nocapture"]);
        if with_subscriber {
            program.env(WITH_SUBSCRIBER, "1");
        }
        let output = program.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let unheard = lines(false);
    for line in [
        "dlq: dropped a message for queue \"lost\" (deadline): ",
        "dlq: messages wait in the spool for 127.0.0.1:1 (1): ",
        "dlq: the handler failed: message ",
    ] {
        assert_eq!(unheard.matches(line).count(), 1, "{unheard}");
    }
    assert_eq!(lines(true), "");
}
