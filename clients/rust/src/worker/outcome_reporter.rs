//! Reports outcomes to the server.

use crate::backoff::Backoff;
use crate::call_error::{is_permanent, is_too_large_for_proxy};
use crate::reconnecting_channel::ReconnectingChannel;
use crate::v1::outcome::Result as Wire;
use crate::v1::{self, AckRequest, AckResult, AckStatus, Failure};
use crate::worker::lease::Lease;
use crate::worker::outcome::{Outcome, OutcomeKind};
use prost::Message;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;

const MAX_OUTCOMES: usize = 1_000;
/// Bytes of one call: many proxies limit it to 1 MiB.
const MAX_BYTES: usize = 768 * 1024;
/// Bytes of an outcome without its failure, at most.
const OUTCOME_BYTES: usize = 2_048;
const MAX_CALLS: usize = 4;
/// How long an outcome waits for others while a call is under way.
const DELAY: Duration = Duration::from_millis(1);
const TRY_TIMEOUT: Duration = Duration::from_secs(5);
/// Before outcomes of a damaged queue are reported again.
const DAMAGED_PAUSE: Duration = Duration::from_millis(20);
/// After an outage the server keeps a lease this much longer.
const EXPIRY_GRACE: Duration = Duration::from_secs(30);

/// A callback for the server's result of an outcome, or the error of the call.
pub(crate) type OnReported = Box<dyn Fn(&Unreported, Result<Option<AckResult>, &Status>) + Send + Sync>;

/// An outcome without an answer of the server.
pub(crate) struct Unreported {
    pub(crate) lease: Arc<Lease>,
    pub(crate) kind: OutcomeKind,
    /// How long the handler ran.
    pub(crate) duration: Duration,
    wire: v1::Outcome,
}

impl Unreported {
    /// Returns the failure of a failed attempt.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        match &self.wire.result {
            Some(Wire::Failed(failed)) => failed.failure.as_ref(),
            _ => None,
        }
    }

    fn bytes(&self) -> usize {
        OUTCOME_BYTES + self.failure().map_or(0, Message::encoded_len)
    }
}

/// Reports outcomes in batches. Retries until the server refuses them, or their lease and 30 s are over.
pub(crate) struct OutcomeReporter {
    channel: Arc<ReconnectingChannel>,
    on_reported: OnReported,
    state: Mutex<State>,
    wake: Notify,
    answered: Notify,
    calls: Arc<Semaphore>,
    /// The worker no longer waits for answers.
    abandoned: CancellationToken,
}

struct State {
    waiting: VecDeque<Unreported>,
    /// Waiting outcomes and those in calls.
    unanswered: usize,
    /// A default until the stream is open.
    lease_duration: Duration,
}

impl OutcomeReporter {
    pub(crate) fn new(channel: Arc<ReconnectingChannel>, on_reported: OnReported) -> Arc<Self> {
        let state = State {
            waiting: VecDeque::new(),
            unanswered: 0,
            lease_duration: Duration::from_secs(30),
        };
        Arc::new(Self {
            channel,
            on_reported,
            state: Mutex::new(state),
            wake: Notify::new(),
            answered: Notify::new(),
            calls: Arc::new(Semaphore::new(MAX_CALLS)),
            abandoned: CancellationToken::new(),
        })
    }

    pub(crate) fn set_lease_duration(&self, duration: Duration) {
        self.state.lock().unwrap().lease_duration = duration;
    }

    pub(crate) fn add(&self, lease: Arc<Lease>, outcome: Outcome) {
        let one = Unreported {
            kind: outcome.kind(),
            duration: lease.running_time().unwrap_or_default(),
            wire: outcome.into_wire(lease.token.clone()),
            lease,
        };
        let mut state = self.state.lock().unwrap();
        state.waiting.push_back(one);
        state.unanswered += 1;
        drop(state);
        self.wake.notify_one();
    }

    /// Returns when each outcome is answered or given up.
    pub(crate) async fn flush(&self) {
        loop {
            let answered = self.answered.notified();
            tokio::pin!(answered);
            answered.as_mut().enable();
            if self.state.lock().unwrap().unanswered == 0 {
                return;
            }
            answered.await;
        }
    }

    /// Gives up all outcomes without an answer.
    pub(crate) fn abandon(&self) {
        self.abandoned.cancel();
    }

    /// Makes calls until `end`.
    pub(crate) async fn pump(self: Arc<Self>, end: CancellationToken) {
        loop {
            tokio::select! {
                () = self.wake.notified() => {}
                () = end.cancelled() => return,
            }
            loop {
                if self.calls.available_permits() < MAX_CALLS {
                    tokio::time::sleep(DELAY).await;
                }
                let Ok(permit) = Arc::clone(&self.calls).acquire_owned().await else {
                    return;
                };
                let batch = self.take();
                if batch.is_empty() {
                    break;
                }
                let reporter = Arc::clone(&self);
                tokio::spawn(async move {
                    reporter.report(batch).await;
                    drop(permit);
                });
            }
        }
    }

    fn take(&self) -> Vec<Unreported> {
        let mut state = self.state.lock().unwrap();
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(one) = state.waiting.front() {
            bytes += one.bytes();
            if batch.len() == MAX_OUTCOMES || (!batch.is_empty() && bytes > MAX_BYTES) {
                break;
            }
            batch.extend(state.waiting.pop_front());
        }
        batch
    }

    async fn report(&self, batch: Vec<Unreported>) {
        let give_up_at = Instant::now() + self.state.lock().unwrap().lease_duration + EXPIRY_GRACE;
        let mut parts = vec![batch.iter().collect::<Vec<_>>()];
        while let Some(mut part) = parts.pop() {
            let request = AckRequest {
                request_id: format!("{:032x}", rand::random::<u128>()),
                outcomes: part.iter().map(|one| one.wire.clone()).collect(),
            };
            let result = tokio::select! {
                result = self.try_until(request, give_up_at) => result,
                () = self.abandoned.cancelled() => Err(Status::cancelled("the worker stopped")),
            };
            match result {
                Err(status) if is_too_large_for_proxy(&status) && part.len() > 1 => {
                    let second = part.split_off(part.len() / 2);
                    parts.extend([second, part]);
                }
                Ok(results) => {
                    let damaged = self.answered(&part, results, give_up_at);
                    if !damaged.is_empty() {
                        tokio::time::sleep(DAMAGED_PAUSE).await;
                        parts.push(damaged);
                    }
                }
                Err(status) => {
                    for one in &part {
                        (self.on_reported)(one, Err(&status));
                    }
                    self.done(part.len());
                }
            }
        }
    }

    /// Reports results. Returns outcomes to report again, because their queue may be repaired.
    fn answered<'a>(
        &self,
        part: &[&'a Unreported],
        results: Vec<AckResult>,
        give_up_at: Instant,
    ) -> Vec<&'a Unreported> {
        let mut results = results.into_iter();
        let mut damaged = Vec::new();
        for &one in part {
            let result = results.next();
            let is_damaged = result
                .as_ref()
                .is_some_and(|result| result.status() == AckStatus::Internal);
            if is_damaged && Instant::now() <= give_up_at {
                damaged.push(one);
            } else {
                (self.on_reported)(one, Ok(result));
            }
        }
        self.done(part.len() - damaged.len());
        damaged
    }

    fn done(&self, count: usize) {
        self.state.lock().unwrap().unanswered -= count;
        self.answered.notify_waiters();
    }

    async fn try_until(&self, request: AckRequest, give_up_at: Instant) -> Result<Vec<AckResult>, Status> {
        let mut backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(1));
        loop {
            let request = request.clone();
            let result = self
                .channel
                .call(
                    TRY_TIMEOUT,
                    |mut service| async move { service.ack(request).await },
                )
                .await;
            match result {
                Ok(response) => return Ok(response.results),
                Err(status)
                    if Instant::now() > give_up_at
                        || is_too_large_for_proxy(&status)
                        || is_permanent(&status) =>
                {
                    return Err(status);
                }
                Err(_) => tokio::time::sleep(backoff.next()).await,
            }
        }
    }
}
