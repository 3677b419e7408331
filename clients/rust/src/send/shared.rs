//! What is pending, and which of it goes when.

use crate::backoff::Backoff;
use crate::builder::Coalesce;
use crate::error::Error;
use crate::line::Line;
use crate::receipt::Receipt;
use crate::send::calls::call_send;
use crate::send::letter::Letter;
use crate::send::pending::{Pending, no_answer};
use crate::send::queue::SendQueue;
use crate::send::reachability::Reachability;
use crate::send::report::{OnDropped, shielded};
use crate::spool::{OnPlaced, Placed, Spool};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tonic::Status;

/// What a [`Sender`](super::sender::Sender) is made of.
pub(crate) struct SenderParts {
    pub(crate) line: Arc<Line>,
    pub(crate) reachability: Arc<Reachability>,
    /// None: what can't be sent in time is dropped.
    pub(crate) spool: Option<Arc<Spool>>,
    pub(crate) coalesce: Coalesce,
    pub(crate) try_timeout: Duration,
    pub(crate) on_dropped: OnDropped,
}

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const MOST_PAUSE: Duration = Duration::from_secs(1);
/// How late a deadline may be noticed: one look over all sends instead of a timer each.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// What is pending, and whom it concerns.
pub(super) struct Shared {
    pub(super) parts: SenderParts,
    pub(super) state: Mutex<State>,
    pub(super) wake: Notify,
    pub(super) settled: Notify,
}

pub(super) struct State {
    pub(super) queue: SendQueue,
    /// By their numbers, oldest first.
    pub(super) pending: BTreeMap<u64, Pending>,
    pub(super) pending_bytes: usize,
    /// Of those that have a result, of which nobody has heard yet.
    pub(super) telling: BTreeSet<u64>,
    pub(super) next_number: u64,
    pub(super) calls: usize,
    /// A call of what is there may go, full or not.
    pub(super) is_scheduled: bool,
    pub(super) paused_until: Option<Instant>,
    pub(super) delayed_until: Option<Instant>,
    pub(super) look_at: Instant,
    pub(super) backoff: Backoff,
    /// Nobody can send any more.
    pub(super) is_abandoned: bool,
    /// The runtime that made the calls was shut down.
    pub(super) is_over: bool,
}

impl Shared {
    pub(super) fn new(parts: SenderParts) -> Self {
        let state = State {
            queue: SendQueue::default(),
            pending: BTreeMap::new(),
            pending_bytes: 0,
            telling: BTreeSet::new(),
            next_number: 0,
            calls: 0,
            is_scheduled: false,
            paused_until: None,
            delayed_until: None,
            look_at: Instant::now(),
            backoff: Backoff::new(FIRST_PAUSE, MOST_PAUSE),
            is_abandoned: false,
            is_over: false,
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

    /// Does what is to be done now, and says when to look again.
    pub(super) fn step(self: &Arc<Self>) -> Option<Instant> {
        let now = Instant::now();
        let mut guard = self.state.lock().unwrap();
        let state = &mut *guard;
        let late = if state.look_at <= now {
            state.look(now)
        } else {
            Vec::new()
        };
        if state.paused_until.is_some_and(|until| until <= now) {
            state.paused_until = None;
            state.is_scheduled = true;
        }
        if state.delayed_until.is_some_and(|until| until <= now) {
            state.delayed_until = None;
            state.is_scheduled = true;
        }
        let mut batches = Vec::new();
        if state.paused_until.is_none() {
            let coalesce = &self.parts.coalesce;
            while state.calls < coalesce.max_calls && (state.is_scheduled || self.is_full(state)) {
                state.is_scheduled = false;
                let pending = &state.pending;
                let is_gone = |number| pending.get(&number).is_none_or(|send| send.is_leaving);
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
        let look_at = (!state.pending.is_empty()).then_some(state.look_at);
        let next = [look_at, state.paused_until, state.delayed_until]
            .into_iter()
            .flatten()
            .min();
        drop(guard);
        for number in late {
            self.give_up_one(number, Some(Arc::new(no_answer())), Pending::late);
        }
        for batch in batches {
            self.start_call(batch);
        }
        next
    }

    /// `calls` counts it already.
    pub(super) fn start_call(self: &Arc<Self>, numbers: Vec<u64>) {
        let now = Instant::now();
        let mut longest = Duration::from_millis(1);
        let mut letters = Vec::with_capacity(numbers.len());
        let mut sent = Vec::with_capacity(numbers.len());
        let mut state = self.state.lock().unwrap();
        for number in numbers {
            if let Some(send) = state.pending.get_mut(&number) {
                send.is_out = true;
                longest = longest.max(send.deadline.saturating_duration_since(now));
                letters.push(Arc::clone(&send.letter));
                sent.push(number);
            }
        }
        if sent.is_empty() {
            state.calls -= 1; // all have gone meanwhile
            return;
        }
        drop(state);
        let limit = self.parts.try_timeout.min(longest);
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let began_at = Instant::now();
            let result = call_send(&shared.parts.line, &letters, limit).await;
            shared.answered(sent, result, began_at);
            let mut state = shared.state.lock().unwrap();
            state.calls -= 1;
            if state.queue.len() > 0 {
                state.is_scheduled = true;
            }
            drop(state);
            shared.wake.notify_one();
        });
    }

    pub(super) fn give_up_all(self: &Arc<Self>) {
        let numbers: Vec<u64> = self.state.lock().unwrap().pending.keys().copied().collect();
        for number in numbers {
            self.give_up_one(number, self.parts.reachability.why(), Pending::closed);
        }
    }

    /// To the spool; where there is none it is dropped with `error`. If no try of its own has failed, it waits there
    /// for `cause`.
    pub(super) fn give_up_one(
        self: &Arc<Self>,
        number: u64,
        cause: Option<Arc<Status>>,
        error: impl FnOnce(&Pending) -> Error,
    ) {
        if self.parts.spool.is_none() {
            return self.settle_one(number, |send| Err(error(send)));
        }
        let letter = {
            let mut state = self.state.lock().unwrap();
            match state.pending.get_mut(&number) {
                Some(send) if !send.is_leaving => {
                    send.leaves_for(cause);
                    Arc::clone(&send.letter)
                }
                _ => return,
            }
        };
        self.keep(number, letter);
    }

    pub(super) fn keep(self: &Arc<Self>, number: u64, letter: Arc<Letter>) {
        let Some(spool) = &self.parts.spool else { return };
        let shared = Arc::clone(self);
        let most_bytes = spool.max_bytes();
        spool.keep(
            letter,
            OnPlaced::new(move |placed| {
                shared.settle_one(number, |send| match placed {
                    Placed::Disk | Placed::Memory => {
                        // Before whoever waits for it hears of it, for the program may end then.
                        if let (Some(spool), Some(why)) = (&shared.parts.spool, send.last_error()) {
                            spool.tell_of(why);
                        }
                        Ok(Receipt::Spooled {
                            durable: placed == Placed::Disk,
                        })
                    }
                    Placed::Full => Err(send.spool_full(most_bytes)),
                    Placed::TooLong => Err(send.too_long()),
                    Placed::Closed => Err(send.closed()),
                });
            }),
        );
    }

    pub(super) fn settle_one(&self, number: u64, result: impl FnOnce(&Pending) -> Result<Receipt, Error>) {
        let mut state = self.state.lock().unwrap();
        let Some(send) = state.pending.remove(&number) else {
            return;
        };
        state.pending_bytes -= send.letter.bytes;
        state.telling.insert(number);
        drop(state);
        let result = result(&send);
        self.settle(send, result);
        self.state.lock().unwrap().telling.remove(&number);
        self.settled.notify_waiters();
        self.wake.notify_one();
    }

    /// The first result counts. Whoever counts what is dropped hears of it before whoever waits for it.
    pub(super) fn settle(&self, send: Pending, result: Result<Receipt, Error>) {
        if let Err(error) = &result {
            shielded("on_dropped", || {
                (self.parts.on_dropped)(error, send.letter.queue());
            });
        }
        send.reply(result);
    }
}

impl State {
    /// Of which somebody is still to hear.
    pub(super) fn oldest(&self) -> Option<u64> {
        let pending = self.pending.keys().next();
        pending.into_iter().chain(self.telling.first()).min().copied()
    }

    /// The sends whose deadline is over.
    fn look(&mut self, now: Instant) -> Vec<u64> {
        self.look_at = now + LOOK_EVERY;
        let is_late = |send: &Pending| !send.is_leaving && send.deadline <= now;
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
