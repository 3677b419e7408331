//! Extends the leases of a worker.

use crate::call_error::is_retryable;
use crate::reconnecting_channel::ReconnectingChannel;
use crate::v1::outcome::Result as Wire;
use crate::v1::{AckRequest, AckStatus, ExtendLeaseRequest, Outcome, Released};
use crate::worker::lease::Lease;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;
use tonic::Status;

const MAX_TOKENS: usize = 1_000;
const MIN_INTERVAL: Duration = Duration::from_millis(100);
const CALL_TIMEOUT: Duration = Duration::from_secs(2);

/// The leases of a worker: running, waiting, and not yet reported. Each one is extended by its token after a third
/// of its time. Extending the whole session would also keep deliveries that got lost on their way.
pub(crate) struct Leases {
    channel: Arc<ReconnectingChannel>,
    held: Mutex<HashMap<String, Arc<Lease>>>,
    /// `None` until the stream is open.
    duration: Mutex<Option<Duration>>,
}

impl Leases {
    pub(crate) fn new(channel: Arc<ReconnectingChannel>) -> Self {
        Self {
            channel,
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

    /// Extends leases until the future is dropped. Calls `on_refused` for errors that a retry does not fix.
    pub(crate) async fn extend(&self, on_lost: impl Fn(&Arc<Lease>), on_refused: impl Fn(Status)) {
        loop {
            let duration = *self.duration.lock().unwrap();
            let interval = duration.map_or(MIN_INTERVAL, |duration| (duration / 12).max(MIN_INTERVAL));
            tokio::time::sleep(interval).await;
            let Some(duration) = duration else { continue };
            // The next round retries other errors, while the lease still runs.
            match self.extend_due(duration, &on_lost).await {
                Err(status) if !is_retryable(&status) => on_refused(status),
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
        let timeout = CALL_TIMEOUT.min(duration / 3);
        for some in due.chunks(MAX_TOKENS) {
            let lease_tokens = some.iter().map(|lease| lease.token.clone()).collect();
            let request = ExtendLeaseRequest {
                lease_tokens,
                ..ExtendLeaseRequest::default()
            };
            let response = self
                .channel
                .call(timeout, |mut service| async move {
                    service.extend_lease(request).await
                })
                .await?;
            for (lease, result) in some.iter().zip(response.results) {
                if !self.holds(&lease.token) {
                    continue;
                }
                if result.status() == AckStatus::Internal {
                    continue; // the data of the queue is damaged; the next round tries again
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

    /// Releases deliveries of this session that never arrived, because the stream broke. Call it only while no
    /// stream is open. Errors are ignored: the leases expire.
    pub(crate) async fn release_undelivered(&self, session_id: &str) {
        if session_id.is_empty() {
            return; // no stream was ever open
        }
        let request = ExtendLeaseRequest {
            session_id: session_id.to_owned(),
            ..ExtendLeaseRequest::default()
        };
        let result = self
            .channel
            .call(CALL_TIMEOUT, |mut service| async move {
                service.extend_lease(request).await
            })
            .await;
        let Ok(response) = result else { return };
        // A lease that has ended needs no release, which would only delay its message.
        let undelivered: Vec<_> = response
            .results
            .into_iter()
            .filter(|result| result.status() == AckStatus::Applied && !self.holds(&result.lease_token))
            .map(|result| Outcome {
                lease_token: result.lease_token,
                result: Some(Wire::Released(Released::default())),
            })
            .collect();
        for some in undelivered.chunks(MAX_TOKENS) {
            let request = AckRequest {
                request_id: format!("{:032x}", rand::random::<u128>()),
                outcomes: some.to_vec(),
            };
            let _ = self
                .channel
                .call(
                    CALL_TIMEOUT,
                    |mut service| async move { service.ack(request).await },
                )
                .await;
        }
    }
}
