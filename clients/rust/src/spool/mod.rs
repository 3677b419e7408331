//! The spool stores messages that could not be sent in time and sends them later. All clients use the same
//! file format: clients/SPOOL.md.

mod deferred;
mod folder;
mod memory_fallback;
mod orphan_recovery;
mod owner;
mod record;
mod sender;
mod spool_file;
mod store;
#[cfg(test)]
mod tests;
mod usage;
mod warning;
mod writer;

use crate::options::SpoolOptions;
use crate::outcomes::OutcomeWatches;
use crate::reconnecting_channel::ReconnectingChannel;
use crate::send::calls::SizedRequest;
use crate::send::drop_report::OnDropped;
use crate::send::reachability::Reachability;
use sender::SpoolSender;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tonic::Status;
use warning::SpoolWarning;
use writer::{Command, SpoolWriter};

pub(crate) use owner::host_name;
pub(crate) use record::MAX_BODY_BYTES;
pub(crate) use usage::{SharedUsage, Usage};

/// How long a close, or the end of the runtime, waits for the last writes.
pub(crate) const LAST_WRITES_TIMEOUT: Duration = Duration::from_secs(3);

const REST_CHECK_INTERVAL: Duration = Duration::from_millis(5);

/// What a spool is made of.
pub(crate) struct SpoolParts {
    pub(crate) options: SpoolOptions,
    /// `host:port`. Only clients with the same target send the messages of a file.
    pub(crate) target: String,
    pub(crate) service: String,
    pub(crate) channel: Arc<ReconnectingChannel>,
    pub(crate) reachability: Arc<Reachability>,
    pub(crate) on_dropped: OnDropped,
    /// `None` without callbacks.
    pub(crate) outcomes: Option<Arc<OutcomeWatches>>,
}

/// Where a message was stored, or why it was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpoolResult {
    Disk,
    Memory,
    /// The spool is full.
    Full,
    /// Longer than a record may be.
    TooLong,
    /// The spool is closed.
    Closed,
}

/// A callback for the result of one message. Calls it with `Closed` if it is dropped before.
pub(crate) struct OnSpooled(Option<Box<dyn FnOnce(SpoolResult) + Send>>);

impl OnSpooled {
    pub(crate) fn new(callback: impl FnOnce(SpoolResult) + Send + 'static) -> Self {
        Self(Some(Box::new(callback)))
    }

    fn call(mut self, result: SpoolResult) {
        if let Some(callback) = self.0.take() {
            callback(result);
        }
    }
}

impl Drop for OnSpooled {
    fn drop(&mut self) {
        if let Some(callback) = self.0.take() {
            callback(SpoolResult::Closed);
        }
    }
}

/// Stores messages that can't be sent, and sends them when the service is available again.
pub(crate) struct Spool {
    commands: mpsc::Sender<Command>,
    max_bytes: u64,
    warning: Arc<SpoolWarning>,
    usage: Arc<SharedUsage>,
    sender: Mutex<Option<JoinHandle<()>>>,
}

impl Spool {
    /// Starts the writer thread, and the sender as a task of the current runtime.
    ///
    /// # Panics
    ///
    /// Panics if no thread can be started.
    pub(crate) fn start(parts: SpoolParts) -> Arc<Self> {
        let max_bytes = parts.options.max_bytes;
        let new_messages = Arc::new(Notify::new());
        let usage = Arc::new(SharedUsage::default());
        let warning = Arc::new(SpoolWarning::new(parts.target.clone(), Arc::clone(&usage)));
        let commands = SpoolWriter {
            options: parts.options,
            target: parts.target,
            service: parts.service,
            on_dropped: Arc::clone(&parts.on_dropped),
            new_messages: Arc::clone(&new_messages),
            usage: Arc::clone(&usage),
        }
        .start();
        let sender = SpoolSender {
            commands: commands.clone(),
            channel: parts.channel,
            reachability: parts.reachability,
            on_dropped: parts.on_dropped,
            outcomes: parts.outcomes,
            new_messages,
            warning: Arc::clone(&warning),
        };
        Arc::new(Self {
            commands,
            max_bytes,
            warning,
            usage,
            sender: Mutex::new(Some(tokio::spawn(sender.run()))),
        })
    }

    /// Returns what waits. It stays current.
    pub(crate) const fn usage(&self) -> &Arc<SharedUsage> {
        &self.usage
    }

    pub(crate) const fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// Stores a message in the background. Another thread calls `on_spooled`.
    pub(crate) fn store(&self, request: Arc<SizedRequest>, on_spooled: OnSpooled) {
        // If the writer has ended, the dropped command calls back with `Closed`.
        let _ = self.commands.send(Command::Store(request, on_spooled));
    }

    /// Logs why messages wait, at most once a minute.
    pub(crate) fn warn(&self, status: &Status) {
        self.warning.warn(status);
    }

    /// Blocks until all messages given so far are stored, for 3 s at most.
    pub(crate) fn wait_for_writes(&self) {
        let (done, wait) = mpsc::channel();
        if self.commands.send(Command::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(LAST_WRITES_TIMEOUT);
        }
    }

    /// Waits until all messages are sent, while the service answers: a program that runs for a moment may always end
    /// before. Logs what is left.
    pub(crate) async fn send_rest(&self, reachability: &Reachability, limit: Duration) {
        let is_sending = || {
            self.sender
                .lock()
                .unwrap()
                .as_ref()
                .is_some_and(|task| !task.is_finished())
        };
        let rest = async {
            let (reply, recovered) = oneshot::channel();
            // The reply comes after the first recovery of orphans.
            if self.commands.send(Command::Done(Vec::new(), reply)).is_ok() {
                let _ = recovered.await;
            }
            while self.usage.get().messages > 0 && reachability.last_error().is_none() && is_sending() {
                tokio::time::sleep(REST_CHECK_INTERVAL).await;
            }
        };
        let _ = tokio::time::timeout(limit, rest).await;
        self.warning.stays();
    }

    /// Stops sending and releases the files for another process. Messages in memory are dropped and reported.
    pub(crate) async fn close(&self) {
        let sender = self.sender.lock().unwrap().take();
        if let Some(sender) = sender {
            sender.abort();
            let _ = sender.await;
        }
        let (reply, closed) = oneshot::channel();
        if self.commands.send(Command::Close(reply)).is_ok() {
            // A stalled disk must not block the close.
            let _ = tokio::time::timeout(LAST_WRITES_TIMEOUT, closed).await;
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if let Some(sender) = self.sender.lock().unwrap().take() {
            sender.abort();
        }
        let _ = self.commands.send(Command::Close(oneshot::channel().0));
    }
}
