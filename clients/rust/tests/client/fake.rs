//! The fake behaves as the service does.

use crate::timed_out;
use dlq_client::testing::{FakeDlq, FakeState};
use dlq_client::v1::StatsRequest;
use dlq_client::{
    Delivery, ErrorKind, NonRetryable, Outcome, QuarantineReason, Reason, Receipt, SpoolOptions,
};
use std::io;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tokio::time::Instant;

#[tokio::test]
async fn the_fake_shows_sent_messages() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let send = client.send("orders", "a", &timed_out()).source_id("42");
    let receipt = send.reason(Reason::Timeout).await.unwrap();
    let [message] = &fake.messages("orders")[..] else {
        panic!("one message")
    };
    assert_eq!(receipt.id(), Some(message.id.as_str()));
    assert_eq!(message.payload().text(), "a");
    assert_eq!(message.request.source_id, "42");
    assert_eq!(message.reason(), Reason::Timeout);
    assert_eq!((message.state, message.attempts), (FakeState::Scheduled, 0));
    assert!(fake.messages("others").is_empty());
    client.send_request("others", "b").request_id("").await.unwrap();
    assert!(!fake.messages("others")[0].request.request_id.is_empty());
}

#[tokio::test]
async fn a_failure_has_the_fingerprint_of_its_send() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let named = || client.send_request("q", "a").fingerprint("bank-down");
    named().await.unwrap();
    named().error(&timed_out()).await.unwrap();
    client
        .send("q", "a", &NonRetryable::new(timed_out()))
        .fingerprint("ä".repeat(1_000_000))
        .await
        .unwrap();
    let messages = fake.messages("q");
    let failures: Vec<_> = messages.iter().map(|message| &message.failures[0]).collect();
    assert_eq!(failures[0].fingerprint, "bank-down");
    assert_eq!(failures[1].fingerprint, "bank-down");
    assert_eq!(failures[1].message, "bank is slow");
    // The service cuts the last byte, and marks the failure as truncated.
    assert_eq!(failures[2].fingerprint.len(), 257);
    assert!(failures[2].fingerprint.starts_with(&"ä".repeat(128)));
    assert_eq!(failures[2].reason(), Reason::PoisonMessage);
}

#[tokio::test]
async fn a_failed_attempt_has_the_fingerprint_of_its_outcome_or_send() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    for payload in ["outcome", "send"] {
        client.send_request("q", payload).max_retries(1).await.unwrap();
    }
    let sender = client.clone();
    let work = move |delivery: Delivery| {
        let client = sender.clone();
        async move {
            if delivery.payload().text() == "outcome" {
                return Ok(Some(Outcome::failed(&timed_out()).fingerprint("bank-down")));
            }
            let send = client.send("q", delivery.payload(), &timed_out());
            send.fingerprint("bank-down").await.map(|_| None)
        }
    };
    let _worker = client.worker(["q"]).run(work).unwrap();
    for message in fake.wait_for("q", FakeState::Quarantined, 2).await {
        let failure = message.failures.last().unwrap();
        assert_eq!(failure.message, "bank is slow");
        assert_eq!(failure.fingerprint, "bank-down");
    }
}

#[tokio::test]
async fn the_fake_joins_and_refuses_as_the_service_does() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let send = |id: &str| client.send("q", "a", &timed_out()).dedup_key("k").request_id(id);
    let first = send("1").await.unwrap();
    assert_eq!(send("1").await.unwrap(), first);
    let joined = send("2").await.unwrap();
    assert!(matches!(joined, Receipt::Joined(_)));
    assert_eq!(joined.id(), first.id());
    assert_eq!(fake.messages("q")[0].failures.len(), 2);
    let refused = client.send("no/queue", "a", &timed_out()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refused);
    let both = tokio::join!(
        client.send_request("no/queue", "b"),
        client.send_request("q", "b")
    );
    assert!(both.0.is_err() && both.1.is_ok());
    let refused = client
        .send_request("q", "c")
        .delay(Duration::MAX)
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refused);
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 60);
    client.send_request("q", "d").due_time(far).await.unwrap();
    client.send_request("q", "c").await.unwrap();
}

#[tokio::test]
async fn a_payload_of_more_than_one_mebibyte_is_refused() {
    const MIB: usize = 1024 * 1024;
    let client = FakeDlq::new().client().unwrap();
    client.send_request("q", "x".repeat(MIB)).await.unwrap();
    client.send_request("q", vec![0_u8; MIB]).await.unwrap();
    let text = client.send_request("q", "x".repeat(MIB + 1)).await;
    let data = client.send_request("q", vec![0_u8; MIB + 1]).await;
    for (field, result) in [("text", text), ("data", data)] {
        let refused = result.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Refused);
        let words =
            format!("payload.{field}: is 1048577 bytes long; this server accepts at most 1048576: store");
        assert!(refused.to_string().contains(&words), "{refused}");
    }
}

#[tokio::test]
async fn a_failing_message_is_redelivered_until_its_retries_are_exhausted() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    client.send("q", "a", &timed_out()).max_retries(2).await.unwrap();
    let worker = client.worker(["q"]).run(|_| async { Err::<(), _>(timed_out()) });
    let _worker = worker.unwrap();
    let messages = fake.wait_for("q", FakeState::Quarantined, 1).await;
    assert_eq!((messages[0].attempts, messages[0].deliveries), (2, 2));
    assert_eq!(
        messages[0].quarantine_reason,
        Some(QuarantineReason::RetriesExhausted)
    );
    assert_eq!(messages[0].failures.len(), 3);
}

#[tokio::test]
async fn the_handlers_outcome_decides_on_the_message() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    for payload in ["ok", "discard", "quarantine", "bad"] {
        client.send_request("q", payload).await.unwrap();
    }
    let handle = |delivery: Delivery| async move {
        match delivery.payload().text().as_ref() {
            "discard" => Ok(Outcome::discarded("old")),
            "quarantine" => Ok(Outcome::quarantined("look")),
            "bad" => Err(NonRetryable::new(timed_out())),
            _ => Ok(Outcome::succeeded()),
        }
    };
    let worker = client.worker(["q"]).run(handle).unwrap();
    fake.wait_for("q", FakeState::Succeeded, 1).await;
    assert_eq!(fake.wait_for("q", FakeState::Discarded, 1).await[0].note, "old");
    let quarantined = fake.wait_for("q", FakeState::Quarantined, 2).await;
    assert_eq!(quarantined[0].note, "look");
    assert_eq!(
        quarantined[1].quarantine_reason,
        Some(QuarantineReason::NonRetryable)
    );
    worker.stop().await;
}

#[tokio::test]
async fn a_delayed_message_waits_unless_it_is_made_due() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let later = client
        .send_request("q", "later")
        .delay(Duration::from_secs(3_600));
    later.await.unwrap();
    let soon = client.send_request("q", "soon").delay(Duration::from_millis(5));
    soon.await.unwrap();
    let worker = client.worker(["q"]).run(|_| async { Ok::<_, io::Error>(()) });
    let _worker = worker.unwrap();
    let first = fake.wait_for("q", FakeState::Succeeded, 1).await;
    assert_eq!(first[0].payload().text(), "soon");
    fake.make_due("q");
    fake.wait_for("q", FakeState::Succeeded, 2).await;
    let stats = client.stubs().stats(StatsRequest::default()).await.unwrap();
    assert_eq!(stats.into_inner().total_messages, 0);
}

#[tokio::test]
async fn sends_fail_while_the_fake_is_down() {
    let fake = FakeDlq::new();
    let client = fake.builder().timeout(Duration::from_millis(50)).build().unwrap();
    let worker = client
        .worker(["q"])
        .on_error(|_, _| {})
        .run(|_| async { Ok::<_, io::Error>(()) });
    let _worker = worker.unwrap();
    fake.go_down();
    let dropped = client.send_request("q", "a").await.unwrap_err();
    assert_eq!(dropped.kind(), ErrorKind::Deadline);
    fake.come_back();
    let send = client.send_request("q", "b").timeout(Duration::from_secs(5));
    send.await.unwrap();
    fake.wait_for("q", FakeState::Succeeded, 1).await;
}

#[tokio::test(start_paused = true)]
async fn the_fake_uses_tokios_paused_time() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    fake.go_down();
    let began_at = Instant::now();
    let dropped = client.send_request("q", "a").await.unwrap_err();
    assert_eq!(dropped.kind(), ErrorKind::Deadline);
    assert!(began_at.elapsed() >= Duration::from_secs(5));
    fake.come_back();
    let later = client.send_request("q", "b").delay(Duration::from_secs(3_600));
    later.await.unwrap();
    let (error, mut errors) = mpsc::unbounded_channel();
    let worker = client
        .worker(["q"])
        .on_error(move |broken, _| error.send(broken.to_string()).unwrap())
        .run(|_| async { Ok::<_, io::Error>(()) })
        .unwrap();
    tokio::time::sleep(Duration::from_secs(3_601)).await;
    fake.wait_for("q", FakeState::Succeeded, 1).await;
    worker.stop().await;
    assert_eq!(errors.try_recv().ok(), None);
}

#[tokio::test]
async fn a_refusal_of_the_fake_is_permanent() {
    let folder = tempfile::tempdir().unwrap();
    let spool = SpoolOptions {
        folder: Some(folder.path().to_owned()),
        ..SpoolOptions::default()
    };
    let client = FakeDlq::new().builder().spool(spool).build().unwrap();
    let both = tokio::join!(
        client.send_request("no/queue", "a"),
        client.send_request("no/queue", "b")
    );
    for refused in [client.send_request("no/queue", "c").await, both.0, both.1] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Refused);
    }
}

// The worker stops at different points of its work, on another thread.
#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_worker_releases_its_messages() {
    for steps in 0..3_000 {
        let fake = FakeDlq::new();
        let client = fake.client().unwrap();
        client.send_request("q", "a").await.unwrap();
        let deliveries = client.worker(["q"]).stream().unwrap();
        for _ in 0..steps % 60 {
            tokio::task::yield_now().await;
        }
        deliveries.stop(Duration::ZERO).await;
        fake.wait_for("q", FakeState::Scheduled, 1).await;
    }
}

#[tokio::test]
async fn a_message_without_retries_is_quarantined_at_once() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let send = client.send("orders", "a", &timed_out()).max_retries(0);
    let Receipt::Sent(stored) = send.await.unwrap() else {
        panic!("it was not sent")
    };
    assert_eq!(stored.quarantine_reason, Some(QuarantineReason::RetriesExhausted));
    fake.wait_for("orders", FakeState::Quarantined, 1).await;
}
