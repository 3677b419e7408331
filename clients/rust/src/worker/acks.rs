//! Reports outcomes.

use crate::backoff::Backoff;
use crate::call_error::{is_for_good, is_too_large_on_the_way};
use crate::failure;
use crate::line::Line;
use crate::v1::outcome::Result as Wire;
use crate::v1::{self, AckRequest, AckResult};
use crate::worker::delivery::Lease;
use crate::worker::outcome::{Outcome, OutcomeKind};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;

const MOST_OUTCOMES: usize = 1_000;
/// Of one call: many a proxy takes no more than 1 MiB.
const MOST_BYTES: usize = 768 * 1024;
const OUTCOME_BYTES: usize = 2_048;
const MOST_CALLS: usize = 4;
/// How long an outcome waits for others while a call is under way.
const DELAY: Duration = Duration::from_millis(1);
const TRY_TIMEOUT: Duration = Duration::from_secs(5);
/// After an outage the server waits this much longer than the lease.
const EXPIRY_GRACE: Duration = Duration::from_secs(30);

/// What became of a report: the server's answer, or why there is none.
pub(crate) type OnReported =
    Box<dyn Fn(&Arc<Lease>, OutcomeKind, Result<Option<AckResult>, &Status>) + Send + Sync>;

/// An outcome that the server does not know yet.
struct Unreported {
    lease: Arc<Lease>,
    kind: OutcomeKind,
    wire: v1::Outcome,
    bytes: usize,
}

/// Reports outcomes, those that come together in one call, again and again until they can't count.
pub(crate) struct Acks {
    line: Arc<Line>,
    on_reported: OnReported,
    state: Mutex<State>,
    wake: Notify,
    answered: Notify,
    calls: Arc<Semaphore>,
    /// Nobody waits for answers any more.
    abandoned: CancellationToken,
}

struct State {
    waiting: VecDeque<Unreported>,
    /// With those that are under way.
    unanswered: usize,
    /// Known once the stream is open.
    lease_duration: Duration,
}

impl Acks {
    pub(crate) fn new(line: Arc<Line>, on_reported: OnReported) -> Arc<Self> {
        let state = State {
            waiting: VecDeque::new(),
            unanswered: 0,
            lease_duration: Duration::from_secs(30),
        };
        Arc::new(Self {
            line,
            on_reported,
            state: Mutex::new(state),
            wake: Notify::new(),
            answered: Notify::new(),
            calls: Arc::new(Semaphore::new(MOST_CALLS)),
            abandoned: CancellationToken::new(),
        })
    }

    pub(crate) fn set_lease_duration(&self, duration: Duration) {
        self.state.lock().unwrap().lease_duration = duration;
    }

    pub(crate) fn add(&self, lease: Arc<Lease>, outcome: Outcome) {
        let kind = outcome.kind();
        let wire = outcome.into_wire(lease.token.clone());
        let failure = match &wire.result {
            Some(Wire::Failed(failed)) => failed.failure.as_ref(),
            _ => None,
        };
        let bytes = OUTCOME_BYTES + failure.map_or(0, failure::bytes_of);
        let mut state = self.state.lock().unwrap();
        state.waiting.push_back(Unreported {
            lease,
            kind,
            wire,
            bytes,
        });
        state.unanswered += 1;
        drop(state);
        self.wake.notify_one();
    }

    /// Returns when everything added so far is answered or given up.
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

    /// Gives up what has no answer yet.
    pub(crate) fn abandon(&self) {
        self.abandoned.cancel();
    }

    /// Makes the calls, until `end`.
    pub(crate) async fn pump(self: Arc<Self>, end: CancellationToken) {
        loop {
            tokio::select! {
                () = self.wake.notified() => {}
                () = end.cancelled() => return,
            }
            loop {
                if self.calls.available_permits() < MOST_CALLS {
                    tokio::time::sleep(DELAY).await;
                }
                let Ok(permit) = Arc::clone(&self.calls).acquire_owned().await else {
                    return;
                };
                let batch = self.take();
                if batch.is_empty() {
                    break;
                }
                let acks = Arc::clone(&self);
                tokio::spawn(async move {
                    acks.report(batch).await;
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
            bytes += one.bytes;
            if batch.len() == MOST_OUTCOMES || (!batch.is_empty() && bytes > MOST_BYTES) {
                break;
            }
            batch.extend(state.waiting.pop_front());
        }
        batch
    }

    async fn report(&self, batch: Vec<Unreported>) {
        let give_up_at = Instant::now() + self.state.lock().unwrap().lease_duration + EXPIRY_GRACE;
        let mut parts = vec![batch.as_slice()];
        while let Some(part) = parts.pop() {
            let request = AckRequest {
                request_id: format!("{:032x}", rand::random::<u128>()),
                outcomes: part.iter().map(|one| one.wire.clone()).collect(),
            };
            let result = tokio::select! {
                result = self.try_until(request, give_up_at) => result,
                () = self.abandoned.cancelled() => Err(Status::cancelled("the worker has stopped")),
            };
            match result {
                Err(status) if is_too_large_on_the_way(&status) && part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                result => self.reported(part, result),
            }
        }
    }

    fn reported(&self, part: &[Unreported], result: Result<Vec<AckResult>, Status>) {
        match result {
            Ok(results) => {
                let mut results = results.into_iter();
                for one in part {
                    (self.on_reported)(&one.lease, one.kind, Ok(results.next()));
                }
            }
            Err(status) => {
                for one in part {
                    (self.on_reported)(&one.lease, one.kind, Err(&status));
                }
            }
        }
        self.state.lock().unwrap().unanswered -= part.len();
        self.answered.notify_waiters();
    }

    async fn try_until(&self, request: AckRequest, give_up_at: Instant) -> Result<Vec<AckResult>, Status> {
        let mut backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(1));
        loop {
            let request = request.clone();
            let answer = self
                .line
                .call(
                    TRY_TIMEOUT,
                    |mut service| async move { service.ack(request).await },
                )
                .await;
            match answer {
                Ok(response) => return Ok(response.results),
                Err(status)
                    if Instant::now() > give_up_at
                        || is_too_large_on_the_way(&status)
                        || is_for_good(&status) =>
                {
                    return Err(status);
                }
                Err(_) => tokio::time::sleep(backoff.next()).await,
            }
        }
    }
}
