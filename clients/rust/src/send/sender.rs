//! Takes sends, and shares calls among those that come together.

use crate::error::Error;
use crate::receipt::Receipt;
use crate::send::letter::Letter;
use crate::send::pending::{Pending, buffer_full, runtime_over};
use crate::send::shared::{SenderParts, Shared};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Sends that come together go in one call. With no call under way the first goes at once; else sends
/// collect until a call is answered, a call is full, or `max_delay` has passed. While the server can't
/// be reached all wait, and one call after another finds out; once it is known to be away, sends go to
/// the spool at once.
pub(crate) struct Sender {
    shared: Arc<Shared>,
}

impl Sender {
    /// Its work is a task of the runtime that this is called in.
    pub(crate) fn new(parts: SenderParts) -> Self {
        let shared = Arc::new(Shared::new(parts));
        tokio::spawn(pump(Rest(Arc::clone(&shared))));
        Self { shared }
    }

    pub(crate) fn add(&self, letter: Letter, timeout: Duration) -> oneshot::Receiver<Result<Receipt, Error>> {
        let shared = &self.shared;
        let (reply, result) = oneshot::channel();
        let letter = Arc::new(letter);
        let now = Instant::now();
        let deadline = now
            .checked_add(timeout)
            .unwrap_or(now + Duration::from_secs(1 << 32));
        let mut send = Pending::new(Arc::clone(&letter), deadline, reply);
        let coalesce = &shared.parts.coalesce;
        let mut state = shared.state.lock().unwrap();
        let has_room = |times: usize| {
            state.pending.len() < times.saturating_mul(coalesce.max_pending_messages)
                && state.pending_bytes + letter.bytes <= times.saturating_mul(coalesce.max_pending_bytes)
        };
        let is_room = has_room(1);
        let has_spool = shared.parts.spool.is_some();
        // As many again may be on their way to a spool whose disk is slow.
        if !(is_room || has_spool && has_room(2)) {
            let error = buffer_full(
                letter.bytes,
                state.pending.len(),
                state.pending_bytes,
                coalesce.max_pending_bytes,
            );
            drop(state);
            shared.settle(send, Err(error));
            return result;
        }
        if state.is_over && !has_spool {
            drop(state);
            shared.settle(send, Err(runtime_over()));
            return result;
        }
        let number = state.next_number;
        state.next_number += 1;
        state.pending_bytes += letter.bytes;
        let leaves = has_spool && (!is_room || state.is_over || shared.parts.reachability.is_away());
        if leaves {
            send.leaves_for(shared.parts.reachability.why());
        }
        state.pending.insert(number, send);
        if leaves {
            drop(state);
            shared.keep(number, letter);
            return result;
        }
        state.queue.push(number, letter.bytes);
        if state.calls == 0 || shared.is_full(&state) {
            state.is_scheduled = true;
        } else {
            state.delayed_until.get_or_insert(now + coalesce.max_delay);
        }
        drop(state);
        shared.wake.notify_one();
        result
    }

    /// Returns when every send of before has its result, and what was dropped is told.
    pub(crate) async fn flush(&self) {
        let until = self.shared.state.lock().unwrap().next_number;
        loop {
            let settled = self.shared.settled.notified();
            tokio::pin!(settled);
            settled.as_mut().enable();
            let oldest = self.shared.state.lock().unwrap().oldest();
            if oldest.is_none_or(|oldest| oldest >= until) {
                return;
            }
            settled.await;
        }
    }

    /// Waits no longer for what is pending.
    pub(crate) fn give_up(&self) {
        self.shared.give_up_all();
    }
}

impl Drop for Sender {
    /// What is pending goes on; its task ends with the last one.
    fn drop(&mut self) {
        self.shared.state.lock().unwrap().is_abandoned = true;
        self.shared.wake.notify_one();
    }
}

/// What is pending when the runtime shuts down is moved to the spool on the way.
struct Rest(Arc<Shared>);

impl Drop for Rest {
    fn drop(&mut self) {
        let is_idle = {
            let mut state = self.0.state.lock().unwrap();
            state.is_over = true;
            state.pending.is_empty()
        };
        if is_idle {
            return;
        }
        self.0.give_up_all();
        if let Some(spool) = &self.0.parts.spool {
            spool.wait_for_writes();
        }
    }
}

async fn pump(rest: Rest) {
    let shared = &rest.0;
    loop {
        let next = shared.step();
        {
            let state = shared.state.lock().unwrap();
            if state.is_abandoned && state.pending.is_empty() {
                return;
            }
        }
        tokio::select! {
            () = shared.wake.notified() => {}
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
