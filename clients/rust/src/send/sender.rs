//! Shares calls among sends that come together.

use crate::backoff::Backoff;
use crate::builder::Coalesce;
use crate::call_error;
use crate::error::Error;
use crate::line::Line;
use crate::receipt::Receipt;
use crate::send::letter::Letter;
use crate::send::pending::{Pending, buffer_full};
use crate::send::queue::SendQueue;
use crate::send::reachability::Reachability;
use crate::send::report::{OnDropped, shielded};
use crate::spool::{Placed, Spool};
use crate::v1::send_to_dlq_batch_result::Outcome;
use crate::v1::{SendToDlqBatchRequest, SendToDlqResponse};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};
use tonic::{Code, Status};

/// What a [`Sender`] is made of.
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

/// Sends that come together go in one call. With no call under way the first goes at once; else sends
/// collect until a call is answered, a call is full, or `max_delay` has passed. While the server can't
/// be reached all wait, and one call after another finds out; once it is known to be away, sends go to
/// the spool at once.
pub(crate) struct Sender {
    shared: Arc<Shared>,
}

struct Shared {
    parts: SenderParts,
    state: Mutex<State>,
    wake: Notify,
    settled: Notify,
}

struct State {
    queue: SendQueue,
    /// By their numbers, oldest first.
    pending: BTreeMap<u64, Pending>,
    pending_bytes: usize,
    next_number: u64,
    calls: usize,
    /// A call of what is there may go, full or not.
    is_scheduled: bool,
    paused_until: Option<Instant>,
    delayed_until: Option<Instant>,
    look_at: Instant,
    backoff: Backoff,
    /// Nobody can send any more.
    is_abandoned: bool,
}

type Answer = Result<SendToDlqResponse, Status>;

impl Sender {
    /// Its work is a task of the runtime that this is called in.
    pub(crate) fn new(parts: SenderParts) -> Self {
        let state = State {
            queue: SendQueue::default(),
            pending: BTreeMap::new(),
            pending_bytes: 0,
            next_number: 0,
            calls: 0,
            is_scheduled: false,
            paused_until: None,
            delayed_until: None,
            look_at: Instant::now(),
            backoff: Backoff::new(FIRST_PAUSE, MOST_PAUSE),
            is_abandoned: false,
        };
        let shared = Arc::new(Shared {
            parts,
            state: Mutex::new(state),
            wake: Notify::new(),
            settled: Notify::new(),
        });
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
        let is_room = state.pending.len() < coalesce.max_pending_messages
            && state.pending_bytes + letter.bytes <= coalesce.max_pending_bytes;
        let has_spool = shared.parts.spool.is_some();
        if !is_room && !has_spool {
            let error = buffer_full(state.pending.len());
            drop(state);
            shared.settle(send, Err(error));
            return result;
        }
        let number = state.next_number;
        state.next_number += 1;
        state.pending_bytes += letter.bytes;
        let leaves = has_spool && (!is_room || shared.parts.reachability.is_away());
        send.is_leaving = leaves;
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

    /// Returns when every send of before has its result.
    pub(crate) async fn flush(&self) {
        let until = self.shared.state.lock().unwrap().next_number;
        loop {
            let settled = self.shared.settled.notified();
            tokio::pin!(settled);
            settled.as_mut().enable();
            let oldest = self.shared.state.lock().unwrap().pending.keys().next().copied();
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
        if self.0.state.lock().unwrap().pending.is_empty() {
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
        Some(instant) => tokio::time::sleep_until(instant.into()).await,
        None => std::future::pending().await,
    }
}

impl Shared {
    fn is_full(&self, state: &State) -> bool {
        let coalesce = &self.parts.coalesce;
        state.queue.len() >= coalesce.max_messages || state.queue.bytes() >= coalesce.max_bytes
    }

    /// Does what is to be done now, and says when to look again.
    fn step(self: &Arc<Self>) -> Option<Instant> {
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
            self.give_up_one(number, Pending::late);
        }
        for batch in batches {
            self.start_call(batch);
        }
        next
    }

    /// `calls` counts it already.
    fn start_call(self: &Arc<Self>, numbers: Vec<u64>) {
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
        drop(state);
        let limit = self.parts.try_timeout.min(longest);
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let began_at = Instant::now();
            let result = shared.call(&letters, limit).await;
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

    /// One message goes by itself, several go in a batch.
    async fn call(&self, letters: &[Arc<Letter>], limit: Duration) -> Result<Vec<Answer>, Status> {
        let line = &self.parts.line;
        if let [letter] = letters {
            let request = letter.request.clone();
            let response = line
                .call(
                    limit,
                    |mut service| async move { service.send_to_dlq(request).await },
                )
                .await?;
            return Ok(vec![Ok(response)]);
        }
        let requests = letters.iter().map(|letter| letter.request.clone()).collect();
        let request = SendToDlqBatchRequest { requests };
        let response = line
            .call(limit, |mut service| async move {
                service.send_to_dlq_batch(request).await
            })
            .await?;
        let answers = response.results.into_iter().map(|result| match result.outcome {
            Some(Outcome::Response(response)) => Ok(response),
            Some(Outcome::Error(error)) => Err(crate::status_details::status_of(error)),
            None => Err(Status::internal("the server gave no result")),
        });
        Ok(answers.collect())
    }

    fn answered(self: &Arc<Self>, numbers: Vec<u64>, result: Result<Vec<Answer>, Status>, began_at: Instant) {
        let reachability = &self.parts.reachability;
        match result {
            Ok(answers) => {
                // None was taken for want of the service itself, such as of its store.
                let is_away = |answer: &Answer| {
                    answer
                        .as_ref()
                        .is_err_and(|status| status.code() == Code::Unavailable)
                };
                if answers.iter().all(is_away) {
                    reachability.failed(began_at);
                } else {
                    reachability.answered(began_at);
                }
                self.take(&numbers, answers);
            }
            Err(status) => {
                if call_error::is_answer(&status) {
                    reachability.answered(began_at);
                } else {
                    reachability.failed(began_at);
                }
                self.fail(numbers, status);
            }
        }
    }

    fn take(&self, numbers: &[u64], answers: Vec<Answer>) {
        let mut again = Vec::new();
        let mut answers = answers.into_iter();
        for &number in numbers {
            match answers.next() {
                Some(Ok(response)) => self.settle_one(number, |send| {
                    Ok(Receipt::from_response(response, send.letter.queue()))
                }),
                Some(Err(status)) if !call_error::is_worth_again(&status) => {
                    self.settle_one(number, |send| {
                        Err(call_error::refusal(status, send.was_maybe_stored()))
                    });
                }
                other => again.push((number, other.and_then(Result::err).map(Arc::new))),
            }
        }
        if again.is_empty() {
            self.state.lock().unwrap().backoff.reset();
        } else {
            self.try_again(again, true);
        }
    }

    fn fail(self: &Arc<Self>, mut numbers: Vec<u64>, status: Status) {
        if call_error::is_worth_again(&status) {
            let maybe_stored = !call_error::never_arrived(&status);
            let status = Arc::new(status);
            let again = numbers
                .into_iter()
                .map(|number| (number, Some(Arc::clone(&status))));
            self.try_again(again.collect(), maybe_stored);
        } else if numbers.len() > 1 && call_error::is_of_the_whole_call(&status) {
            // One of them spoils it for all; the halves find out which.
            let rest = numbers.split_off(numbers.len() / 2);
            self.state.lock().unwrap().calls += 2;
            self.start_call(numbers);
            self.start_call(rest);
        } else {
            let (code, message) = (status.code(), status.message().to_owned());
            let details = bytes::Bytes::copy_from_slice(status.details());
            for number in numbers {
                let status = Status::with_details(code, message.clone(), details.clone());
                self.settle_one(number, |send| {
                    Err(call_error::refusal(status, send.was_maybe_stored()))
                });
            }
        }
    }

    fn try_again(&self, sends: Vec<(u64, Option<Arc<Status>>)>, maybe_stored: bool) {
        let mut guard = self.state.lock().unwrap();
        let state = &mut *guard;
        let mut back = Vec::new();
        for (number, error) in sends {
            let Some(send) = state.pending.get_mut(&number) else {
                continue;
            };
            send.tried(error, maybe_stored);
            if !send.is_leaving {
                back.push((number, send.letter.bytes));
            }
        }
        state.queue.put_back(back.into_iter());
        if state.paused_until.is_none() {
            state.paused_until = Some(Instant::now() + state.backoff.next());
        }
    }

    fn give_up_all(self: &Arc<Self>) {
        let numbers: Vec<u64> = self.state.lock().unwrap().pending.keys().copied().collect();
        for number in numbers {
            self.give_up_one(number, Pending::closed);
        }
    }

    fn give_up_one(self: &Arc<Self>, number: u64, error: impl FnOnce(&Pending) -> Error) {
        if self.parts.spool.is_none() {
            return self.settle_one(number, |send| Err(error(send)));
        }
        let letter = {
            let mut state = self.state.lock().unwrap();
            match state.pending.get_mut(&number) {
                Some(send) if !send.is_leaving => {
                    send.is_leaving = true;
                    Arc::clone(&send.letter)
                }
                _ => return,
            }
        };
        self.keep(number, letter);
    }

    fn keep(self: &Arc<Self>, number: u64, letter: Arc<Letter>) {
        let Some(spool) = &self.parts.spool else { return };
        let shared = Arc::clone(self);
        let most_bytes = spool.max_bytes();
        spool.keep(
            letter,
            Box::new(move |placed| {
                shared.settle_one(number, |send| match placed {
                    Placed::Disk => Ok(Receipt::Spooled { durable: true }),
                    Placed::Memory => Ok(Receipt::Spooled { durable: false }),
                    Placed::Full => Err(send.spool_full(most_bytes)),
                    Placed::Closed => Err(send.closed()),
                });
            }),
        );
    }

    fn settle_one(&self, number: u64, result: impl FnOnce(&Pending) -> Result<Receipt, Error>) {
        let mut state = self.state.lock().unwrap();
        let Some(send) = state.pending.remove(&number) else {
            return;
        };
        state.pending_bytes -= send.letter.bytes;
        drop(state);
        let result = result(&send);
        self.settle(send, result);
        self.settled.notify_waiters();
        self.wake.notify_one();
    }

    /// The first result counts. Whoever counts what is dropped hears of it before whoever waits for it.
    fn settle(&self, send: Pending, result: Result<Receipt, Error>) {
        if let Err(error) = &result {
            shielded("on_dropped", || {
                (self.parts.on_dropped)(error, send.letter.queue())
            });
        }
        send.reply(result);
    }
}

impl State {
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
