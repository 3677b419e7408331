//! What the answers of calls mean for what is pending.

use crate::call_error;
use crate::receipt::Receipt;
use crate::send::calls::{Answer, without_service};
use crate::send::pending::Pending;
use crate::send::shared::Shared;
use std::sync::Arc;
use tokio::time::Instant;
use tonic::Status;

impl Shared {
    pub(super) fn answered(
        self: &Arc<Self>,
        numbers: Vec<u64>,
        result: Result<Vec<Answer>, Status>,
        began_at: Instant,
    ) {
        let reachability = &self.parts.reachability;
        match result {
            Ok(answers) => {
                match without_service(&answers) {
                    Some(status) => reachability.failed(began_at, status),
                    None => reachability.answered(began_at),
                }
                self.take(&numbers, answers);
            }
            Err(status) => {
                if call_error::is_answer(&status) {
                    reachability.answered(began_at);
                } else {
                    reachability.failed(began_at, &status);
                }
                self.fail(numbers, status);
            }
        }
    }

    pub(super) fn take(self: &Arc<Self>, numbers: &[u64], answers: Vec<Answer>) {
        let mut again = Vec::new();
        let mut answers = answers.into_iter();
        for &number in numbers {
            match answers.next() {
                Some(Ok(response)) => self.settle_one(number, |send| {
                    Ok(Receipt::from_response(response, send.letter.queue()))
                }),
                Some(Err(status)) if !call_error::is_worth_again(&status) => self.refuse(number, &status),
                other => again.push((number, other.and_then(Result::err).map(Arc::new))),
            }
        }
        if again.is_empty() {
            self.state.lock().unwrap().backoff.reset();
        } else {
            self.try_again(again, true);
        }
    }

    pub(super) fn fail(self: &Arc<Self>, mut numbers: Vec<u64>, status: Status) {
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
            for number in numbers {
                self.refuse(number, &status);
            }
        }
    }

    /// What is refused for now waits where it can.
    fn refuse(self: &Arc<Self>, number: u64, status: &Status) {
        let refusal = |send: &Pending| call_error::refusal(status.clone(), send.was_maybe_stored());
        let Some(spool) = self
            .parts
            .spool
            .as_ref()
            .filter(|_| !call_error::is_for_good(status))
        else {
            return self.settle_one(number, |send| Err(refusal(send)));
        };
        spool.tell_of(status); // before its result is there, for the program may end then
        if let Some(send) = self.state.lock().unwrap().pending.get_mut(&number) {
            let maybe_stored = refusal(send).maybe_stored();
            send.tried(Some(Arc::new(status.clone())), maybe_stored);
        }
        self.give_up_one(number, None, refusal);
    }

    pub(super) fn try_again(&self, sends: Vec<(u64, Option<Arc<Status>>)>, maybe_stored: bool) {
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
}
