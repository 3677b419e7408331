//! Middleware around handlers.

use crate::timed_out;
use dlq_client::testing::{FakeDlq, FakeState};
use dlq_client::{
    Delivery, ErrorKind, HandlerError, HandlerResult, Next, NonRetryable, Outcome, OutcomeKind,
    QuarantineReason, Settled,
};
use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

#[tokio::test]
async fn middleware_runs_around_a_handler_the_first_outermost_and_replaces_its_result() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    client.send_request("wrapped", "x").await.unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let named = |name: &'static str| {
        let seen = Arc::clone(&seen);
        move |delivery: Delivery, next: Next| {
            let seen = Arc::clone(&seen);
            async move {
                seen.lock()
                    .unwrap()
                    .push(format!("{name} {}", delivery.payload().text()));
                let result = next.run(delivery).await;
                let text = result
                    .as_ref()
                    .map_or_else(ToString::to_string, |_| "done".to_owned());
                seen.lock().unwrap().push(format!("after {name}: {text}"));
                result.or_else(|error| {
                    assert!(error.is::<io::Error>());
                    Ok(Some(Outcome::quarantined("middleware")))
                })
            }
        }
    };
    let (report, mut errors) = mpsc::unbounded_channel();
    let worker = client
        .worker(["wrapped"])
        .middleware(named("one"))
        .middleware(named("two"))
        .on_error(move |error, _| report.send(error.kind()).unwrap())
        .run(|_| async { Err::<(), _>(timed_out()) })
        .unwrap();
    let quarantined = fake.wait_for("wrapped", FakeState::Quarantined, 1).await;
    assert_eq!(
        (&quarantined[0].note[..], quarantined[0].attempts),
        ("middleware", 0)
    );
    worker.stop().await;
    let expected = ["one x", "two x", "after two: bank is slow", "after one: done"];
    assert_eq!(*seen.lock().unwrap(), expected);
    assert!(errors.try_recv().is_err());
}

#[derive(Debug, thiserror::Error)]
#[error("no stock")]
struct OrderError;

async fn pass(delivery: Delivery, next: Next) -> HandlerResult {
    next.run(delivery).await
}

async fn limited(delivery: Delivery, next: Next) -> HandlerResult {
    tokio::time::timeout(Duration::from_millis(1), next.run(delivery)).await?
}

#[tokio::test]
async fn an_error_keeps_its_type_and_a_middleware_may_fail_itself() {
    let client = FakeDlq::new().client().unwrap();
    for payload in ["order", "slow"] {
        let send = client.send_request("wrapped", payload);
        send.max_retries(1).await.unwrap();
    }
    let (report, mut settled) = mpsc::unbounded_channel();
    let worker = client
        .worker(["wrapped"])
        .concurrency(1)
        .middleware(pass)
        .middleware(limited)
        .on_error(|error, _| assert_eq!(error.kind(), ErrorKind::HandlerFailed))
        .on_settled(move |_, settled| {
            report
                .send((settled.outcome, settled.failure.clone().unwrap().r#type))
                .unwrap();
        })
        .run(|delivery| async move {
            if delivery.payload().text() == "slow" {
                std::future::pending::<()>().await;
            }
            Err::<(), _>(OrderError)
        })
        .unwrap();
    let (outcome, name) = settled.recv().await.unwrap();
    assert_eq!(
        (outcome, name.as_str()),
        (OutcomeKind::Failed, std::any::type_name::<OrderError>())
    );
    let (outcome, name) = settled.recv().await.unwrap();
    assert_eq!(
        (outcome, name.as_str()),
        (OutcomeKind::Failed, "tokio::time::error::Elapsed")
    );
    worker.stop().await;
}

#[tokio::test]
async fn a_send_within_a_middleware_is_the_outcome_of_the_delivery() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    client.send_request("wrapped", "x").max_retries(1).await.unwrap();
    let sender = client.clone();
    let worker = client
        .worker(["wrapped"])
        .middleware(move |delivery, next| {
            let client = sender.clone();
            async move {
                let result = next.run(delivery.clone()).await;
                client.send("wrapped", delivery.payload(), &timed_out()).await?;
                result
            }
        })
        .run(|_| async { Ok::<(), io::Error>(()) });
    let _worker = worker.unwrap();
    let failed = fake.wait_for("wrapped", FakeState::Quarantined, 1).await;
    assert_eq!(failed[0].failures.last().unwrap().message, "bank is slow");
    assert_eq!(fake.messages("wrapped").len(), 1);
}

/// Works on one message with a middleware, and returns its outcome and the errors.
async fn outcome_within<M, F>(middleware: M, handler: fn() -> HandlerResult) -> (Settled, Vec<String>)
where
    M: Fn(Delivery, Next) -> F + Send + Sync + 'static,
    F: Future<Output = HandlerResult> + Send + 'static,
{
    let client = FakeDlq::new().client().unwrap();
    client.send_request("wrapped", "x").max_retries(1).await.unwrap();
    let (report, mut settled) = mpsc::unbounded_channel();
    let (reported, mut errors) = mpsc::unbounded_channel();
    let worker = client
        .worker(["wrapped"])
        .middleware(middleware)
        .on_error(move |error, _| reported.send(error.source().unwrap().to_string()).unwrap())
        .on_settled(move |_, settled| report.send(settled.clone()).unwrap())
        .run(move |_| async move { handler().map_err(HandlerError::into_inner) });
    let settled = settled.recv().await.unwrap();
    worker.unwrap().stop().await;
    let texts = std::iter::from_fn(|| errors.try_recv().ok()).collect();
    (settled, texts)
}

#[tokio::test]
async fn a_middleware_that_does_not_run_the_handler_fails_unless_it_returns_an_outcome() {
    let (settled, errors) = outcome_within(|_, _| async { Ok(None) }, || panic!("it runs")).await;
    assert_eq!(settled.outcome, OutcomeKind::Failed);
    let text = "a middleware returned Ok(None), and the handler has not run to its end; return the result of next.run, or an outcome";
    assert_eq!(errors, [text]);
    let skip = |_, _| async { Ok(Some(Outcome::discarded("a test message"))) };
    let (settled, errors) = outcome_within(skip, || panic!("it runs")).await;
    assert_eq!((settled.outcome, errors), (OutcomeKind::Discarded, Vec::new()));
}

#[tokio::test]
async fn the_result_of_the_handler_stands_if_the_middleware_returns_none() {
    async fn forgetful(delivery: Delivery, next: Next) -> HandlerResult {
        let _ = next.run(delivery).await;
        Ok(None)
    }
    let (settled, _) = outcome_within(forgetful, || Ok(None)).await;
    assert_eq!(settled.outcome, OutcomeKind::Succeeded);
    let (settled, _) = outcome_within(forgetful, || Ok(Some(Outcome::quarantined("x")))).await;
    assert_eq!(settled.outcome, OutcomeKind::Quarantined);
    let (settled, errors) = outcome_within(forgetful, || Err(NonRetryable::new(timed_out()).into())).await;
    assert_eq!(settled.outcome, OutcomeKind::Failed);
    assert_eq!(
        settled.quarantine_reason,
        Some(QuarantineReason::NonRetryable),
        "{settled:?}"
    );
    assert_eq!(errors, ["bank is slow"]);
}

#[tokio::test]
async fn middleware_is_not_for_batches_and_streams() {
    let client = FakeDlq::new().client().unwrap();
    let worker = || client.worker(["wrapped"]).middleware(pass);
    let batches = worker().run_batches(|_| async { Ok::<(), io::Error>(()) });
    for error in [batches.err(), worker().stream().err()] {
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(
            error.to_string(),
            "middleware is for run: it wraps a handler of one delivery"
        );
    }
}
