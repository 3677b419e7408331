//! Sends spooled messages, oldest first.

use crate::backoff::Backoff;
use crate::call_error;
use crate::outcomes::OutcomeWatches;
use crate::panics::catch_and_log;
use crate::receipt::Receipt;
use crate::reconnecting_channel::ReconnectingChannel;
use crate::send::calls::{MessageResult, call_batch, common_unavailable_error};
use crate::send::drop_report::OnDropped;
use crate::send::reachability::Reachability;
use crate::spool::deferred::Deferred;
use crate::spool::store::{Place, SpooledMessage};
use crate::spool::warning::SpoolWarning;
use crate::spool::writer::Command;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use tonic::Status;

pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(100);
pub(super) const MAX_PAUSE: Duration = Duration::from_secs(30);
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends spooled messages when the service is available. One per client; retries with a backoff of up to 30 s.
pub(crate) struct SpoolSender {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) channel: Arc<ReconnectingChannel>,
    pub(crate) reachability: Arc<Reachability>,
    pub(crate) on_dropped: OnDropped,
    /// `None` without callbacks.
    pub(crate) outcomes: Option<Arc<OutcomeWatches>>,
    /// Notified when there are messages to send.
    pub(crate) new_messages: Arc<Notify>,
    pub(crate) warning: Arc<SpoolWarning>,
}

impl SpoolSender {
    /// Runs until the task is aborted or the spool is closed.
    pub(crate) async fn run(self) {
        let mut backoff = Backoff::new(FIRST_PAUSE, MAX_PAUSE);
        let (mut deferred, mut call_size) = (Deferred::new(), CallSize::new());
        loop {
            let skipped = deferred.skipped();
            let bytes = call_size.bytes();
            let Some(messages) = self
                .call_writer(|reply| Command::Next(bytes, skipped, reply))
                .await
            else {
                return;
            };
            if messages.is_empty() {
                self.wait_for_messages(deferred.retry_at()).await;
            } else if self.send(messages, &mut deferred, &mut call_size).await {
                backoff.reset();
                self.warning.sent();
            } else {
                deferred.retry_at(); // a failing call must not delay the deferred messages
                tokio::select! {
                    () = tokio::time::sleep(backoff.next()) => {}
                    () = self.reachability.recovered.notified() => backoff.reset(),
                }
            }
        }
    }

    /// Returns the writer's reply, or `None` if the spool is closed.
    async fn call_writer<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).ok()?;
        answer.await.ok()
    }

    async fn wait_for_messages(&self, until: Option<Instant>) {
        match until {
            None => self.new_messages.notified().await,
            Some(until) => tokio::select! {
                () = self.new_messages.notified() => {}
                () = tokio::time::sleep_until(until) => {}
            },
        }
    }

    /// Returns whether the service answered.
    async fn send(
        &self,
        messages: Vec<SpooledMessage>,
        deferred: &mut Deferred,
        call_size: &mut CallSize,
    ) -> bool {
        let mut batches = vec![messages];
        while let Some(mut batch) = batches.pop() {
            let began_at = Instant::now();
            let results = match self.call(&batch).await {
                Ok(results) => results,
                Err(status) if batch.len() > 1 && is_refused_as_a_whole(&status) => {
                    // One message may be the cause: send the halves.
                    let rest = batch.split_off(batch.len() / 2);
                    batches.push(rest);
                    batches.push(batch);
                    continue;
                }
                Err(status) if batch.len() == 1 && is_refused_as_a_whole(&status) => vec![Err(status)],
                Err(status) => {
                    self.call_failed(&status, began_at, call_size);
                    return false;
                }
            };
            if let Some(status) = common_unavailable_error(&results) {
                self.reachability.call_failed(began_at, status);
                self.warning.warn(status);
                return false;
            }
            self.reachability.record_answer(began_at);
            call_size.answered(began_at.elapsed());
            let done: Vec<Place> = batch
                .iter()
                .zip(results)
                .filter_map(|(message, result)| self.finish(message, result, deferred))
                .collect();
            if self
                .call_writer(|reply| Command::Done(done, reply))
                .await
                .is_none()
            {
                return false;
            }
        }
        true
    }

    async fn call(&self, batch: &[SpooledMessage]) -> Result<Vec<MessageResult>, Status> {
        let requests = batch.iter().map(|message| message.request.clone()).collect();
        call_batch(&self.channel, requests, CALL_TIMEOUT).await
    }

    fn call_failed(&self, status: &Status, began_at: Instant, call_size: &mut CallSize) {
        if call_error::is_server_answer(status) {
            self.reachability.record_answer(began_at);
        } else {
            self.reachability.call_failed(began_at, status);
            if !call_error::was_never_sent(status) {
                call_size.not_answered();
            }
        }
        self.warning.warn(status);
    }

    /// Returns the place of a message that is done, or `None` if it must be sent again.
    fn finish(
        &self,
        message: &SpooledMessage,
        result: MessageResult,
        deferred: &mut Deferred,
    ) -> Option<Place> {
        match result {
            Err(status) if call_error::is_permanent(&status) => {
                let error = call_error::refusal(status, true);
                let queue = &message.request.queue;
                catch_and_log("on_dropped", || (self.on_dropped)(&error, queue));
            }
            Err(status) => {
                self.warning.warn(&status);
                deferred.add(message.place);
                return None;
            }
            Ok(response) => {
                if let Some(outcomes) = &self.outcomes {
                    let request = &message.request;
                    outcomes.sent(request, &Receipt::from_response(response, &request.queue));
                }
            }
        }
        deferred.tried(message.place);
        Some(message.place)
    }
}

fn is_refused_as_a_whole(status: &Status) -> bool {
    call_error::is_permanent(status)
        || call_error::may_be_one_message(status) && !call_error::is_retryable(status)
}

/// A larger message goes alone.
const MIN_BYTES: usize = 64 * 1024;
const MAX_BYTES: usize = 3 * 1024 * 1024;
/// A slower call could time out with twice as many bytes.
const FAST_CALL: Duration = Duration::from_millis(1_250);

/// How many bytes go in one call. Shrinks when calls time out on a slow link and grows when answers are fast.
struct CallSize {
    bytes: usize,
}

impl CallSize {
    const fn new() -> Self {
        Self { bytes: MAX_BYTES }
    }

    const fn bytes(&self) -> usize {
        self.bytes
    }

    fn answered(&mut self, took: Duration) {
        if took < FAST_CALL {
            self.bytes = MAX_BYTES.min(self.bytes * 2);
        }
    }

    fn not_answered(&mut self) {
        self.bytes = MIN_BYTES.max(self.bytes / 4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kib_after(size: &mut CallSize, change: impl Fn(&mut CallSize)) -> usize {
        change(size);
        size.bytes() / 1024
    }

    #[test]
    fn calls_get_smaller_without_an_answer() {
        let mut size = CallSize::new();
        let seen = [(); 4].map(|()| kib_after(&mut size, CallSize::not_answered));
        assert_eq!(seen, [768, 192, 64, 64]);
    }

    #[test]
    fn only_fast_answers_double_the_call_size() {
        let mut size = CallSize::new();
        size.not_answered();
        size.not_answered();
        size.answered(Duration::from_secs(4));
        assert_eq!(size.bytes(), 192 * 1024);
        let fast = |size: &mut CallSize| size.answered(Duration::from_millis(100));
        let seen = [(); 5].map(|()| kib_after(&mut size, fast));
        assert_eq!(seen, [384, 768, 1536, 3072, 3072]);
    }
}
