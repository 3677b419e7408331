//! Applies the result of a call to its sends.

use crate::call_error;
use crate::receipt::Receipt;
use crate::send::calls::{MessageResult, common_unavailable_error};
use crate::send::pending_send::PendingSend;
use crate::send::pending_sends::PendingSends;
use std::sync::Arc;
use tokio::time::Instant;
use tonic::Status;

impl PendingSends {
    pub(super) fn call_ended(
        self: &Arc<Self>,
        numbers: Vec<u64>,
        result: Result<Vec<MessageResult>, Status>,
        began_at: Instant,
    ) {
        let reachability = &self.parts.reachability;
        match result {
            Ok(results) => {
                match common_unavailable_error(&results) {
                    Some(status) => reachability.call_failed(began_at, status),
                    None => reachability.call_answered(began_at),
                }
                self.apply(&numbers, results);
            }
            Err(status) => {
                if call_error::is_server_answer(&status) {
                    reachability.call_answered(began_at);
                } else {
                    reachability.call_failed(began_at, &status);
                }
                self.call_failed(numbers, status);
            }
        }
    }

    fn apply(self: &Arc<Self>, numbers: &[u64], results: Vec<MessageResult>) {
        let mut unsent = Vec::new();
        let mut results = results.into_iter();
        for &number in numbers {
            match results.next() {
                Some(Ok(response)) => self.settle_one(number, |send| {
                    Ok(Receipt::from_response(response, send.sized.queue()))
                }),
                Some(Err(status)) if !call_error::is_retryable(&status) => self.refuse(number, &status),
                other => unsent.push((number, other.and_then(Result::err).map(Arc::new))),
            }
        }
        if unsent.is_empty() {
            self.state.lock().unwrap().backoff.reset();
        } else {
            self.retry(unsent, true);
        }
    }

    fn call_failed(self: &Arc<Self>, mut numbers: Vec<u64>, status: Status) {
        if self.parts.spool.is_some() && call_error::was_never_sent(&status) {
            // Nothing was sent, and a retry would only delay the caller.
            let status = Arc::new(status);
            for number in numbers {
                if let Some(send) = self.state.lock().unwrap().pending.get_mut(&number) {
                    send.try_failed(Some(Arc::clone(&status)), false);
                }
                self.give_up_one(number, None, PendingSend::closed_error);
            }
        } else if call_error::is_retryable(&status) {
            let maybe_stored = !call_error::was_never_sent(&status);
            let status = Arc::new(status);
            let unsent = numbers
                .into_iter()
                .map(|number| (number, Some(Arc::clone(&status))));
            self.retry(unsent.collect(), maybe_stored);
        } else if numbers.len() > 1 && call_error::may_be_one_message(&status) {
            // Send the halves, to find the message that is the cause.
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

    /// Moves a send to the spool if a later try may succeed, and drops it otherwise.
    fn refuse(self: &Arc<Self>, number: u64, status: &Status) {
        let refusal = |send: &PendingSend| call_error::refusal(status.clone(), send.was_maybe_stored());
        if let Some(send) = self.state.lock().unwrap().pending.get_mut(&number)
            && send.is_spooling
        {
            // The spool sender will get the same refusal.
            let maybe_stored = refusal(send).maybe_stored();
            return send.try_failed(Some(Arc::new(status.clone())), maybe_stored);
        }
        if self.parts.spool.is_none() || call_error::is_permanent(status) {
            return self.settle_one(number, |send| Err(refusal(send)));
        }
        if let Some(send) = self.state.lock().unwrap().pending.get_mut(&number) {
            let maybe_stored = refusal(send).maybe_stored();
            send.try_failed(Some(Arc::new(status.clone())), maybe_stored);
        }
        self.give_up_one(number, None, refusal);
    }

    fn retry(&self, unsent: Vec<(u64, Option<Arc<Status>>)>, maybe_stored: bool) {
        let mut guard = self.state.lock().unwrap();
        let state = &mut *guard;
        let mut waiting = Vec::new();
        for (number, error) in unsent {
            let Some(send) = state.pending.get_mut(&number) else {
                continue;
            };
            send.try_failed(error, maybe_stored);
            if !send.is_spooling {
                waiting.push((number, send.sized.bytes));
            }
        }
        state.queue.put_back(waiting.into_iter());
        if state.paused_until.is_none() {
            state.paused_until = Some(Instant::now() + state.backoff.next());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_metrics::ClientMetrics;
    use crate::connection::Connector;
    use crate::options::Coalesce;
    use crate::reconnecting_channel::ReconnectingChannel;
    use crate::send::calls::SizedRequest;
    use crate::send::pending_sends::SenderParts;
    use crate::send::reachability::Reachability;
    use crate::send::send_report::SendReport;
    use crate::status::ClientState;
    use crate::target::Target;
    use crate::telemetry::{CurrentContext, SendSpan};
    use crate::v1::SendToDlqRequest;
    use std::sync::Mutex;
    use std::time::Duration;
    use tokio::sync::oneshot;
    use tonic::Code;

    #[tokio::test]
    async fn a_refused_send_that_is_being_spooled_is_not_dropped() {
        let target = Target::new(
            "http://127.0.0.1:1",
            #[cfg(feature = "tls")]
            None,
        );
        let connector = Connector::new(&target.unwrap(), None, None).unwrap();
        let dropped = Arc::new(Mutex::new(Vec::new()));
        let kinds = Arc::clone(&dropped);
        let reachability = Arc::new(Reachability::default());
        let sends = Arc::new(PendingSends::new(SenderParts {
            channel: Arc::new(ReconnectingChannel::new(connector)),
            reachability: Arc::clone(&reachability),
            spool: None,
            metrics: Arc::new(ClientMetrics::new("", ClientState::new(reachability, None))),
            coalesce: Coalesce::default(),
            try_timeout: Duration::from_secs(2),
            on_dropped: Arc::new(move |error, _| kinds.lock().unwrap().push(error.kind())),
            outcomes: None,
        }));
        let (reply, mut result) = oneshot::channel();
        let sized = Arc::new(SizedRequest::new(SendToDlqRequest::default()));
        let (span, _) = SendSpan::start(CurrentContext::get(), "q");
        let report = SendReport::new(span, None);
        let mut send = PendingSend::new(sized, Instant::now(), report, reply);
        send.start_spooling(None);
        {
            let mut state = sends.state.lock().unwrap();
            state.pending_bytes = send.sized.bytes;
            state.pending.insert(0, send);
        }
        let refusal = Status::with_details(
            Code::InvalidArgument,
            "no",
            bytes::Bytes::from_static(b"\x08\x03"),
        );
        sends.call_failed(vec![0], refusal);
        assert!(dropped.lock().unwrap().is_empty() && result.try_recv().is_err());
        sends.settle_one(0, |_| Ok(Receipt::Spooled { durable: true }));
        assert_eq!(result.await.unwrap().unwrap(), Receipt::Spooled { durable: true });
    }
}
