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
        if let Some(send) = self.state.lock().unwrap().pending.get_mut(&number)
            && send.is_leaving
        {
            // To the spool, whose courier hears it, too.
            let maybe_stored = refusal(send).maybe_stored();
            return send.tried(Some(Arc::new(status.clone())), maybe_stored);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::Coalesce;
    use crate::connection::Connector;
    use crate::line::Line;
    use crate::send::letter::Letter;
    use crate::send::reachability::Reachability;
    use crate::send::shared::SenderParts;
    use crate::target::Target;
    use crate::v1::SendToDlqRequest;
    use std::sync::Mutex;
    use std::time::Duration;
    use tokio::sync::oneshot;
    use tonic::Code;

    #[tokio::test]
    async fn a_refusal_of_what_is_on_its_way_to_the_spool_is_left_to_the_spool() {
        let target = Target::new(
            "http://127.0.0.1:1",
            #[cfg(feature = "tls")]
            None,
        );
        let connector = Connector::new(&target.unwrap(), None, None).unwrap();
        let dropped = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&dropped);
        let shared = Arc::new(Shared::new(SenderParts {
            line: Arc::new(Line::new(connector)),
            reachability: Arc::new(Reachability::default()),
            spool: None,
            coalesce: Coalesce::default(),
            try_timeout: Duration::from_secs(2),
            on_dropped: Arc::new(move |error, _| told.lock().unwrap().push(error.kind())),
        }));
        let (reply, mut result) = oneshot::channel();
        let letter = Arc::new(Letter::new(SendToDlqRequest::default()));
        let mut send = Pending::new(letter, Instant::now(), reply);
        send.leaves_for(None);
        {
            let mut state = shared.state.lock().unwrap();
            state.pending_bytes = send.letter.bytes;
            state.pending.insert(0, send);
        }
        let refusal = Status::with_details(
            Code::InvalidArgument,
            "no",
            bytes::Bytes::from_static(b"\x08\x03"),
        );
        shared.fail(vec![0], refusal);
        assert!(dropped.lock().unwrap().is_empty() && result.try_recv().is_err());
        shared.settle_one(0, |_| Ok(Receipt::Spooled { durable: true }));
        assert_eq!(result.await.unwrap().unwrap(), Receipt::Spooled { durable: true });
    }
}
