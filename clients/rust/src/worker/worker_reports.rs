//! Reports errors and outcomes to the user's callbacks.

use crate::call_error::status_text;
use crate::error::{BoxError, Error, ErrorKind};
use crate::failure::causes_text;
use crate::log::log;
use crate::once_a_minute::OnceAMinute;
use crate::panics::catch_and_log;
use crate::receipt::known_reason;
use crate::v1::{AckResult, AckStatus};
use crate::wire_time::timestamp_from_wire;
use crate::worker::delivery::Delivery;
use crate::worker::lease::Lease;
use crate::worker::options::{OnError, OnSettled, Settled};
use crate::worker::outcome_reporter::Unreported;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tonic::Status;

pub(crate) struct WorkerReports {
    on_error: Option<OnError>,
    on_settled: Option<OnSettled>,
    /// For the log.
    queues: String,
    /// A broken stream or a refused token, which repeats with each try.
    interruption: OnceAMinute,
    /// The last line said that the worker gets no messages.
    is_interrupted: AtomicBool,
}

impl WorkerReports {
    pub(crate) fn new(queues: &[String], on_error: Option<OnError>, on_settled: Option<OnSettled>) -> Self {
        Self {
            on_error,
            on_settled,
            queues: name_queues(queues),
            interruption: OnceAMinute::default(),
            is_interrupted: AtomicBool::new(false),
        }
    }

    pub(crate) fn error(&self, error: &Error, lease: Option<&Arc<Lease>>) {
        let delivery = lease.map(|lease| Delivery(Arc::clone(lease)));
        if let Some(callback) = &self.on_error {
            catch_and_log("on_error", || callback(error, delivery.as_ref()));
        } else {
            log!(warn, { kind = %error.kind() }, "the worker of {}: {error}", self.queues);
        }
    }

    /// Reports an error that repeats with each try. Logs it at most once a minute.
    pub(crate) fn interrupted(&self, error: &Error) {
        if self.on_error.is_some() {
            self.error(error, None);
        } else if self.interruption.is_due() {
            self.is_interrupted.store(true, Ordering::Relaxed);
            let what = match error.kind() {
                ErrorKind::Unauthenticated => "is refused",
                _ => "gets no messages",
            };
            log!(warn, { kind = %error.kind() }, "the worker of {} {what}: {error}; retrying", self.queues);
        }
    }

    /// Logs once that the stream is open, if the last line said that it is not.
    pub(crate) fn stream_opened(&self) {
        if self.is_interrupted.swap(false, Ordering::Relaxed) {
            log!(info, "the worker of {} works again", self.queues);
        }
    }

    /// Logs that the program dropped the worker by mistake, as by `let _ =`.
    pub(crate) fn dropped_at_once(&self) {
        log!(
            warn,
            "the worker of {} was dropped before it got messages, and stops; bind it to a variable",
            self.queues
        );
    }

    /// Reports what a handler returned or panicked with. A delivery whose lease is lost has no failure.
    pub(crate) fn handler_failed(&self, batch: &[Arc<Lease>], error: BoxError, place: &Location<'_>) {
        let failed: Vec<_> = batch.iter().filter(|lease| !lease.is_lost()).collect();
        let [lease, ..] = failed[..] else { return };
        let message = format!(
            "the handler failed: {}",
            list(failed.iter().map(|lease| name_message(lease)))
        );
        if self.on_error.is_some() {
            let error = Error::new(ErrorKind::HandlerFailed, message).with_source(error);
            return self.error(&error, Some(lease));
        }
        let kind = ErrorKind::HandlerFailed;
        log!(warn, { %kind }, "{message}\n{}", causes_text(&*error, place));
    }

    /// Logs the running handlers that a stopping worker cancels: one of them may hang.
    pub(crate) fn cancelled(running: &[Arc<Lease>]) {
        let running = running.iter().filter(|lease| !lease.is_lost());
        let name = |lease: &Arc<Lease>| {
            let time = lease.running_time().unwrap_or_default();
            format!("{}, for {:.1} s", name_message(lease), time.as_secs_f64())
        };
        let handlers = list(running.map(name));
        if !handlers.is_empty() {
            log!(
                warn,
                "the worker stops and cancels handlers that still run: {handlers}; their messages are released; raise drain_timeout if handlers need longer"
            );
        }
    }

    pub(crate) fn lost(&self, lease: &Arc<Lease>) {
        let message = format!(
            "lost the lease of message {}; its outcome will not count",
            lease.id()
        );
        self.error(&Error::new(ErrorKind::LeaseLost, message), Some(lease));
    }

    /// Reports the server's result of an outcome.
    pub(crate) fn answered(&self, one: &Unreported, result: Option<&AckResult>) {
        let Unreported { lease, kind, .. } = one;
        let status = result.map(AckResult::status);
        if let (Some(AckStatus::Applied), Some(result)) = (status, result) {
            let Some(callback) = &self.on_settled else { return };
            let settled = Settled {
                outcome: *kind,
                duration: one.duration,
                failure: one.failure().cloned(),
                state: result.state(),
                due_time: result.due_time.as_ref().map(timestamp_from_wire),
                quarantine_reason: known_reason(result.quarantine_reason()),
            };
            return catch_and_log("on_settled", || callback(&Delivery(Arc::clone(lease)), &settled));
        }
        let reason = match (status, result) {
            (Some(AckStatus::LeaseLost), _) => {
                "its lease expired and another worker may have the message; raise lease_duration, or run blocking code by spawn_blocking"
            }
            (Some(AckStatus::NotFound), _) => "the message does not exist any more",
            (_, Some(result)) if !result.detail.is_empty() => result.detail.as_str(),
            _ => "the server returned no result",
        };
        let message = format!(
            "the outcome ({kind}) of message {} does not count: {reason}",
            lease.id()
        );
        self.error(&Error::new(ErrorKind::LeaseLost, message), Some(lease));
    }

    /// Reports an outcome that the server did not answer.
    pub(crate) fn given_up(&self, one: &Unreported, status: &Status) {
        let Unreported { lease, kind, .. } = one;
        let message = format!(
            "the outcome ({kind}) of message {} could not be reported: {}; the message may be delivered again",
            lease.id(),
            status_text(status)
        );
        self.error(&Error::new(ErrorKind::Connection, message), Some(lease));
    }
}

const NAMED_MESSAGES: usize = 3;

fn name_message(lease: &Lease) -> String {
    let (id, queue, attempt) = (lease.id(), lease.queue(), lease.attempt);
    format!("message {id} of queue \"{queue}\", attempt {attempt}")
}

/// Lists the first names, and the number of the others.
fn list(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<_> = names.collect();
    if names.len() > NAMED_MESSAGES {
        let more = names.len() - NAMED_MESSAGES;
        names.truncate(NAMED_MESSAGES);
        names.push(format!("{more} more"));
    }
    names.join("; ")
}

const NAMED_QUEUES: usize = 3;

fn name_queues(queues: &[String]) -> String {
    let names = queues
        .iter()
        .take(NAMED_QUEUES)
        .map(|queue| format!("\"{queue}\""));
    let more = (queues.len() > NAMED_QUEUES).then(|| "…".to_owned());
    let names: Vec<String> = names.chain(more).collect();
    let noun = if queues.len() == 1 { "queue" } else { "queues" };
    format!("{noun} {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_three_queues_are_named() {
        let named = |names: &[&str]| name_queues(&names.iter().map(|&name| name.into()).collect::<Vec<_>>());
        assert_eq!(named(&["orders"]), r#"queue "orders""#);
        assert_eq!(named(&["a", "b", "c"]), r#"queues "a", "b", "c""#);
        assert_eq!(named(&["a", "b", "c", "d"]), r#"queues "a", "b", "c", …"#);
    }
}
