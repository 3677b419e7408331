//! The pending sends of a client, and which of them go in which call.

use crate::backoff::Backoff;
use crate::client_metrics::ClientMetrics;
use crate::error::Error;
use crate::options::Coalesce;
use crate::outcomes::OutcomeWatches;
use crate::panics::catch_and_log;
use crate::receipt::Receipt;
use crate::reconnecting_channel::ReconnectingChannel;
use crate::send::calls::{SizedRequest, call_send};
use crate::send::drop_report::OnDropped;
use crate::send::pending_send::{PendingSend, no_answer};
use crate::send::queue::SendQueue;
use crate::send::reachability::Reachability;
use crate::sent_by::{SentBy, as_in_callback};
use crate::spool::{OnSpooled, Spool, SpoolResult};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tonic::Status;

/// What a [`Sender`](super::sender::Sender) is made of.
pub(crate) struct SenderParts {
    pub(crate) channel: Arc<ReconnectingChannel>,
    pub(crate) reachability: Arc<Reachability>,
    /// `None`: messages that can't be sent in time are dropped.
    pub(crate) spool: Option<Arc<Spool>>,
    pub(crate) metrics: Arc<ClientMetrics>,
    pub(crate) coalesce: Coalesce,
    pub(crate) try_timeout: Duration,
    pub(crate) on_dropped: OnDropped,
    /// `None` without callbacks.
    pub(crate) outcomes: Option<Arc<OutcomeWatches>>,
}

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// Deadlines of all sends are checked together, instead of by a timer each.
const DEADLINE_CHECK_INTERVAL: Duration = Duration::from_millis(25);

/// The pending sends of a client.
pub(super) struct PendingSends {
    pub(super) parts: SenderParts,
    pub(super) state: Mutex<State>,
    /// Wakes the task that makes calls.
    pub(super) wake: Notify,
    /// Notified after each result.
    pub(super) settled: Notify,
}

pub(super) struct State {
    pub(super) queue: SendQueue,
    /// By number, oldest first.
    pub(super) pending: BTreeMap<u64, PendingSend>,
    pub(super) pending_bytes: usize,
    /// Sends whose result is being reported.
    pub(super) reporting: BTreeSet<u64>,
    pub(super) next_number: u64,
    /// Calls under way.
    pub(super) calls: usize,
    /// The next call may go even if it is not full.
    pub(super) is_call_due: bool,
    pub(super) paused_until: Option<Instant>,
    pub(super) delayed_until: Option<Instant>,
    pub(super) check_deadlines_at: Instant,
    pub(super) backoff: Backoff,
    /// The last client was dropped.
    pub(super) is_client_dropped: bool,
    /// The runtime that makes the calls has ended.
    pub(super) is_runtime_ended: bool,
}

impl PendingSends {
    pub(super) fn new(parts: SenderParts) -> Self {
        let state = State {
            queue: SendQueue::default(),
            pending: BTreeMap::new(),
            pending_bytes: 0,
            reporting: BTreeSet::new(),
            next_number: 0,
            calls: 0,
            is_call_due: false,
            paused_until: None,
            delayed_until: None,
            check_deadlines_at: Instant::now(),
            backoff: Backoff::new(FIRST_PAUSE, MAX_PAUSE),
            is_client_dropped: false,
            is_runtime_ended: false,
        };
        Self {
            parts,
            state: Mutex::new(state),
            wake: Notify::new(),
            settled: Notify::new(),
        }
    }

    pub(super) fn is_full(&self, state: &State) -> bool {
        let coalesce = &self.parts.coalesce;
        state.queue.len() >= coalesce.max_messages || state.queue.bytes() >= coalesce.max_bytes
    }

    /// Ends late sends and starts the calls that are due. Returns when to call it again.
    pub(super) fn step(self: &Arc<Self>) -> Option<Instant> {
        let now = Instant::now();
        let mut guard = self.state.lock().unwrap();
        let state = &mut *guard;
        let late = if state.check_deadlines_at <= now {
            state.late_sends(now)
        } else {
            Vec::new()
        };
        if state.paused_until.is_some_and(|until| until <= now) {
            state.paused_until = None;
            state.is_call_due = true;
        }
        if state.delayed_until.is_some_and(|until| until <= now) {
            state.delayed_until = None;
            state.is_call_due = true;
        }
        let mut batches = Vec::new();
        if state.paused_until.is_none() {
            let coalesce = &self.parts.coalesce;
            while state.calls < coalesce.max_calls && (state.is_call_due || self.is_full(state)) {
                state.is_call_due = false;
                let pending = &state.pending;
                let is_gone = |number| pending.get(&number).is_none_or(|send| send.is_spooling);
                let batch = state
                    .queue
                    .take(coalesce.max_messages, coalesce.max_bytes, is_gone);
                if batch.is_empty() {
                    break;
                }
                state.calls += 1;
                batches.push(batch);
            }
        }
        let check_at = (!state.pending.is_empty()).then_some(state.check_deadlines_at);
        let next = [check_at, state.paused_until, state.delayed_until]
            .into_iter()
            .flatten()
            .min();
        drop(guard);
        for number in late {
            self.give_up_one(number, Some(Arc::new(no_answer())), PendingSend::deadline_error);
        }
        for batch in batches {
            self.start_call(batch);
        }
        next
    }

    /// The caller has counted the call in `calls`.
    pub(super) fn start_call(self: &Arc<Self>, numbers: Vec<u64>) {
        let now = Instant::now();
        let mut longest = Duration::from_millis(1);
        let mut requests = Vec::with_capacity(numbers.len());
        let mut sent = Vec::with_capacity(numbers.len());
        let mut state = self.state.lock().unwrap();
        for number in numbers {
            if let Some(send) = state.pending.get_mut(&number) {
                send.is_in_call = true;
                longest = longest.max(send.deadline.saturating_duration_since(now));
                requests.push(Arc::clone(&send.sized));
                sent.push(number);
            }
        }
        if sent.is_empty() {
            state.calls -= 1; // all of them have a result by now
            return;
        }
        drop(state);
        let timeout = self.parts.try_timeout.min(longest);
        let sends = Arc::clone(self);
        tokio::spawn(async move {
            let began_at = Instant::now();
            let result = call_send(&sends.parts.channel, &requests, timeout).await;
            sends.call_ended(sent, result, began_at);
            let mut state = sends.state.lock().unwrap();
            state.calls -= 1;
            if state.queue.len() > 0 {
                state.is_call_due = true;
            }
            drop(state);
            sends.wake.notify_one();
        });
    }

    pub(super) fn give_up_all(self: &Arc<Self>) {
        let numbers: Vec<u64> = self.state.lock().unwrap().pending.keys().copied().collect();
        for number in numbers {
            let cause = self.parts.reachability.last_error();
            self.give_up_one(number, cause, PendingSend::closed_error);
        }
    }

    /// Moves a send to the spool; without a spool, drops it with `error`. `cause` is the reason for the spool
    /// warning if no try of its own has failed.
    pub(super) fn give_up_one(
        self: &Arc<Self>,
        number: u64,
        cause: Option<Arc<Status>>,
        error: impl FnOnce(&PendingSend) -> Error,
    ) {
        if self.parts.spool.is_none() {
            return self.settle_one(number, |send| Err(error(send)));
        }
        let sized = {
            let mut state = self.state.lock().unwrap();
            match state.pending.get_mut(&number) {
                Some(send) if !send.is_spooling => {
                    send.start_spooling(cause);
                    Arc::clone(&send.sized)
                }
                _ => return,
            }
        };
        self.spool(number, sized);
    }

    /// Stores a send in the spool, which settles it.
    pub(super) fn spool(self: &Arc<Self>, number: u64, sized: Arc<SizedRequest>) {
        let Some(spool) = &self.parts.spool else { return };
        let sends = Arc::clone(self);
        let max_bytes = spool.max_bytes();
        let on_spooled = OnSpooled::new(move |result| {
            sends.settle_one(number, |send| match result {
                SpoolResult::Disk | SpoolResult::Memory => {
                    // Before the caller gets the result: the program may end then.
                    if let (Some(spool), Some(status)) = (&sends.parts.spool, send.last_error()) {
                        spool.warn(status);
                    }
                    Ok(Receipt::Spooled {
                        durable: result == SpoolResult::Disk,
                    })
                }
                SpoolResult::Full => Err(send.spool_full_error(max_bytes)),
                SpoolResult::TooLong => Err(send.too_long_error()),
                SpoolResult::Closed => Err(send.closed_error()),
            });
        });
        spool.store(sized, on_spooled);
    }

    pub(super) fn settle_one(
        &self,
        number: u64,
        result: impl FnOnce(&PendingSend) -> Result<Receipt, Error>,
    ) {
        let mut state = self.state.lock().unwrap();
        let Some(send) = state.pending.remove(&number) else {
            return;
        };
        state.pending_bytes -= send.sized.bytes;
        state.reporting.insert(number);
        drop(state);
        let result = result(&send);
        self.settle(send, result);
        self.state.lock().unwrap().reporting.remove(&number);
        self.settled.notify_waiters();
        self.wake.notify_one();
    }

    /// Counts it and calls `on_dropped` before the caller gets the error.
    pub(super) fn settle(&self, send: PendingSend, result: Result<Receipt, Error>) {
        if let Err(error) = &result {
            let report = || (self.parts.on_dropped)(error, send.sized.queue());
            catch_and_log("on_dropped", || {
                if send.sent_by == SentBy::Callback {
                    as_in_callback(report);
                } else {
                    report();
                }
            });
        }
        if let (Some(outcomes), Ok(receipt)) = (&self.parts.outcomes, &result) {
            outcomes.sent(&send.sized.request, receipt);
        }
        self.parts.metrics.sent(send.sized.queue(), &result);
        send.reply(result);
    }
}

impl State {
    /// Returns the oldest send without a reported result.
    pub(super) fn oldest_unreported(&self) -> Option<u64> {
        let pending = self.pending.keys().next();
        pending.into_iter().chain(self.reporting.first()).min().copied()
    }

    /// Returns the sends whose deadline is over.
    fn late_sends(&mut self, now: Instant) -> Vec<u64> {
        self.check_deadlines_at = now + DEADLINE_CHECK_INTERVAL;
        let is_late = |send: &PendingSend| !send.is_spooling && send.deadline <= now;
        let late = self
            .pending
            .iter()
            .filter(|(_, send)| is_late(send))
            .map(|(&number, _)| number)
            .collect();
        if self.queue.len() > self.pending.len() {
            let pending = &self.pending;
            self.queue.sweep(|number| !pending.contains_key(&number));
        }
        late
    }
}
