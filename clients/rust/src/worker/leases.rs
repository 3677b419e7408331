//! Keeps what a worker holds.

use crate::call_error::is_worth_again;
use crate::line::Line;
use crate::v1::outcome::Result as Wire;
use crate::v1::{AckRequest, AckStatus, ExtendLeaseRequest, Outcome, Released};
use crate::worker::delivery::Lease;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;
use tonic::Status;

const MOST_TOKENS: usize = 1_000;
const LEAST_EVERY: Duration = Duration::from_millis(100);
const CALL_TIMEOUT: Duration = Duration::from_secs(2);

/// What a worker holds: running, waiting, and not yet reported. Each lease is extended when a third of
/// it is over, by its token: a whole session would also keep what was lost on the way here.
pub(crate) struct Leases {
    line: Arc<Line>,
    held: Mutex<HashMap<String, Arc<Lease>>>,
    /// None before the stream is open.
    duration: Mutex<Option<Duration>>,
}

impl Leases {
    pub(crate) fn new(line: Arc<Line>) -> Self {
        Self {
            line,
            held: Mutex::default(),
            duration: Mutex::default(),
        }
    }

    pub(crate) fn set_duration(&self, duration: Duration) {
        *self.duration.lock().unwrap() = Some(duration);
    }

    pub(crate) fn add(&self, lease: &Arc<Lease>) {
        self.held
            .lock()
            .unwrap()
            .insert(lease.token.clone(), Arc::clone(lease));
    }

    pub(crate) fn remove(&self, lease: &Lease) {
        self.held.lock().unwrap().remove(&lease.token);
    }

    fn holds(&self, token: &str) -> bool {
        self.held.lock().unwrap().contains_key(token)
    }

    /// Until it is dropped. `on_refused` is told what does not pass by itself.
    pub(crate) async fn keep(&self, on_lost: impl Fn(&Arc<Lease>), on_refused: impl Fn(Status)) {
        loop {
            let duration = *self.duration.lock().unwrap();
            let every = duration.map_or(LEAST_EVERY, |duration| (duration / 12).max(LEAST_EVERY));
            tokio::time::sleep(every).await;
            let Some(duration) = duration else { continue };
            // The next look tries again; until then the lease goes on.
            match self.extend_due(duration, &on_lost).await {
                Err(status) if !is_worth_again(&status) => on_refused(status),
                _ => {}
            }
        }
    }

    async fn extend_due(&self, duration: Duration, on_lost: &impl Fn(&Arc<Lease>)) -> Result<(), Status> {
        let now = Instant::now();
        let is_due = |lease: &&Arc<Lease>| !lease.is_lost() && lease.age(now) >= duration / 3;
        let due: Vec<_> = self
            .held
            .lock()
            .unwrap()
            .values()
            .filter(is_due)
            .cloned()
            .collect();
        let limit = CALL_TIMEOUT.min(duration / 3);
        for some in due.chunks(MOST_TOKENS) {
            let lease_tokens = some.iter().map(|lease| lease.token.clone()).collect();
            let request = ExtendLeaseRequest {
                lease_tokens,
                ..ExtendLeaseRequest::default()
            };
            let response = self
                .line
                .call(
                    limit,
                    |mut service| async move { service.extend_lease(request).await },
                )
                .await?;
            for (lease, result) in some.iter().zip(response.results) {
                if !self.holds(&lease.token) {
                    continue;
                }
                if result.status() == AckStatus::Applied && !result.should_stop {
                    lease.extended_to(result.lease_expire_time.as_ref());
                } else {
                    on_lost(lease);
                }
            }
        }
        Ok(())
    }

    /// Gives back what the server counts as this session's and what never came here: written to a
    /// stream that broke. Only while no stream is open. Best effort: they expire by themselves.
    pub(crate) async fn release_strays(&self, session_id: &str) {
        if session_id.is_empty() {
            return; // no stream was ever open
        }
        let request = ExtendLeaseRequest {
            session_id: session_id.to_owned(),
            ..ExtendLeaseRequest::default()
        };
        let answer = self
            .line
            .call(CALL_TIMEOUT, |mut service| async move {
                service.extend_lease(request).await
            })
            .await;
        let Ok(response) = answer else { return };
        // A lease that is over already needs no release, which would only make its message wait.
        let strays: Vec<_> = response
            .results
            .into_iter()
            .filter(|result| result.status() == AckStatus::Applied && !self.holds(&result.lease_token))
            .map(|result| Outcome {
                lease_token: result.lease_token,
                result: Some(Wire::Released(Released::default())),
            })
            .collect();
        for some in strays.chunks(MOST_TOKENS) {
            let request = AckRequest {
                request_id: format!("{:032x}", rand::random::<u128>()),
                outcomes: some.to_vec(),
            };
            let _ = self
                .line
                .call(
                    CALL_TIMEOUT,
                    |mut service| async move { service.ack(request).await },
                )
                .await;
        }
    }
}
