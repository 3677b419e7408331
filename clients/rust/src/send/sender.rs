//! Takes sends, and makes those that come together share calls.

use crate::error::Error;
use crate::receipt::Receipt;
use crate::send::calls::SizedRequest;
use crate::send::pending_send::{PendingSend, RUNTIME_ENDED, buffer_full_error, runtime_ended_error};
use crate::send::pending_sends::{PendingSends, SenderParts};
use crate::send::send_report::SendReport;
use crate::sent_by::SentBy;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tonic::Status;

/// Sends that come together share a call. Without a call under way, the first send goes at once. Otherwise
/// sends collect until a call is answered, a call is full, or `max_delay` is over. While the server can't be
/// reached all sends wait, and one call after another tries it. Once the service counts as unavailable, sends
/// go to the spool at once.
pub(crate) struct Sender {
    sends: Arc<PendingSends>,
}

impl Sender {
    /// Starts its task in the current runtime.
    pub(crate) fn new(parts: SenderParts) -> Self {
        let sends = Arc::new(PendingSends::new(parts));
        tokio::spawn(pump(RuntimeGuard(Arc::clone(&sends))));
        Self { sends }
    }

    pub(crate) fn add(
        &self,
        sized: SizedRequest,
        timeout: Duration,
        report: SendReport,
    ) -> oneshot::Receiver<Result<Receipt, Error>> {
        let sends = &self.sends;
        let (reply, result) = oneshot::channel();
        let sized = Arc::new(sized);
        let now = Instant::now();
        let deadline = now
            .checked_add(timeout)
            .unwrap_or(now + Duration::from_secs(1 << 32));
        let mut send = PendingSend::new(Arc::clone(&sized), deadline, report, reply);
        let coalesce = &sends.parts.coalesce;
        let mut state = sends.state.lock().unwrap();
        let fits = |times: usize| {
            state.pending.len() < times.saturating_mul(coalesce.max_pending_messages)
                && state.pending_bytes + sized.bytes <= times.saturating_mul(coalesce.max_pending_bytes)
        };
        let has_room = fits(1);
        let has_spool = sends.parts.spool.is_some();
        // As many again may wait for a spool with a slow disk.
        if !(has_room || has_spool && fits(2)) {
            let error = buffer_full_error(
                sized.bytes,
                state.pending.len(),
                state.pending_bytes,
                coalesce.max_pending_bytes,
            );
            drop(state);
            sends.settle(send, Err(error));
            return result;
        }
        if state.is_runtime_ended && !has_spool {
            drop(state);
            sends.settle(send, Err(runtime_ended_error()));
            return result;
        }
        let number = state.next_number;
        state.next_number += 1;
        state.pending_bytes += sized.bytes;
        let goes_to_spool =
            has_spool && (!has_room || state.is_runtime_ended || sends.parts.reachability.is_unavailable());
        if goes_to_spool {
            let ended = state
                .is_runtime_ended
                .then(|| Arc::new(Status::unavailable(RUNTIME_ENDED)));
            send.start_spooling(ended.or_else(|| sends.parts.reachability.last_error()));
        }
        state.pending.insert(number, send);
        if goes_to_spool {
            drop(state);
            sends.spool(number, sized);
            return result;
        }
        state.queue.push(number, sized.bytes);
        if state.calls == 0 || sends.is_full(&state) {
            state.is_call_due = true;
        } else {
            state.delayed_until.get_or_insert(now + coalesce.max_delay);
        }
        drop(state);
        sends.wake.notify_one();
        result
    }

    /// Returns when every earlier send has its result and each drop is reported. Does not wait in a callback: it may
    /// be the report of one of these drops.
    pub(crate) async fn flush(&self) {
        let until = self.sends.state.lock().unwrap().next_number;
        loop {
            let settled = self.sends.settled.notified();
            tokio::pin!(settled);
            settled.as_mut().enable();
            let oldest = self.sends.state.lock().unwrap().oldest_unreported();
            if oldest.is_none_or(|oldest| oldest >= until) || SentBy::current() == SentBy::Callback {
                return;
            }
            settled.await;
        }
    }

    /// Moves all pending sends to the spool, or drops them without one.
    pub(crate) fn give_up(&self) {
        self.sends.give_up_all();
    }
}

impl Drop for Sender {
    /// Pending sends continue; the task ends after the last one.
    fn drop(&mut self) {
        self.sends.state.lock().unwrap().is_client_dropped = true;
        self.sends.wake.notify_one();
    }
}

/// Moves pending sends to the spool when the runtime shuts down.
struct RuntimeGuard(Arc<PendingSends>);

impl Drop for RuntimeGuard {
    fn drop(&mut self) {
        let is_empty = {
            let mut state = self.0.state.lock().unwrap();
            state.is_runtime_ended = true;
            state.pending.is_empty()
        };
        if is_empty {
            return;
        }
        self.0.give_up_all();
        if let Some(spool) = &self.0.parts.spool {
            spool.wait_for_writes();
        }
    }
}

async fn pump(guard: RuntimeGuard) {
    let sends = &guard.0;
    loop {
        let next = sends.step();
        {
            let state = sends.state.lock().unwrap();
            if state.is_client_dropped && state.pending.is_empty() {
                return;
            }
        }
        tokio::select! {
            () = sends.wake.notified() => {}
            () = sleep_until(next) => {}
        }
    }
}

async fn sleep_until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
