//! The watches of a client.

use crate::connection::Connector;
use crate::outcomes::callbacks::{OutcomeCallbacks, is_in_callback};
use crate::outcomes::followed_messages::{Change, FollowedMessages, Step};
use crate::outcomes::reports::OutcomeReports;
use crate::outcomes::watch::OutcomeWatch;
use crate::receipt::{Receipt, Stored};
use crate::v1::{Event, SendToDlqRequest};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long a close waits for running callbacks.
const CALLBACK_TIMEOUT: Duration = Duration::from_secs(5);

/// Follows the sent messages of a client, by a watch for each of their queues.
pub(crate) struct OutcomeWatches {
    callbacks: OutcomeCallbacks,
    pub(super) connector: Connector,
    pub(super) reports: OutcomeReports,
    followed: Mutex<FollowedMessages>,
    /// Ends the watches.
    pub(super) end: CancellationToken,
    /// Each watch has a receiver.
    pub(super) running: watch::Sender<()>,
    runtime: Handle,
}

impl OutcomeWatches {
    /// Returns `None` without callbacks. The watches run as tasks of the current runtime.
    pub(crate) fn new(callbacks: OutcomeCallbacks, connector: &Connector) -> Option<Arc<Self>> {
        if callbacks.is_empty() {
            return None;
        }
        Some(Arc::new(Self {
            callbacks,
            connector: connector.clone(),
            reports: OutcomeReports::default(),
            followed: Mutex::default(),
            end: CancellationToken::new(),
            running: watch::Sender::default(),
            runtime: Handle::current(),
        }))
    }

    /// Follows the message of a send that the service accepted.
    pub(crate) fn sent(self: &Arc<Self>, request: &SendToDlqRequest, receipt: &Receipt) {
        let (Receipt::Sent(Stored { id, queue, .. }) | Receipt::Joined(Stored { id, queue, .. })) = receipt
        else {
            return;
        };
        if !id.is_empty() && !self.end.is_cancelled() {
            let change = self
                .followed
                .lock()
                .unwrap()
                .follow(id, queue, &request.source_id);
            self.apply(change);
        }
    }

    fn apply(self: &Arc<Self>, change: Change) {
        if change.is_full {
            self.reports.full();
        }
        if let Some(queue) = change.new_queue {
            let has_more = self.followed.lock().unwrap().has_more(&queue);
            let watch = OutcomeWatch::new(Arc::clone(self), queue, has_more);
            let running = self.running.subscribe();
            self.runtime.spawn(async move {
                watch.run().await;
                drop(running);
            });
        }
    }

    pub(super) fn since(&self, queue: &str) -> SystemTime {
        self.followed.lock().unwrap().since(queue)
    }

    pub(super) fn receive(&self, queue: &str, events: Vec<Event>) {
        self.followed.lock().unwrap().receive(queue, events);
    }

    pub(super) fn end_if_idle(&self, queue: &str) -> Option<Instant> {
        self.followed.lock().unwrap().end_if_idle(queue)
    }

    /// Calls the callbacks for the received events of a queue, until the client is closed.
    pub(super) async fn call_back(self: &Arc<Self>, queue: &str) {
        while !self.end.is_cancelled() {
            let step = self.followed.lock().unwrap().next(queue);
            match step {
                Some(Step::Call(kind, event)) => self.callbacks.call(kind, event).await,
                Some(Step::Moved(change)) => self.apply(change),
                None => return,
            }
        }
    }

    pub(crate) fn end(&self) {
        self.end.cancel();
    }

    /// Ends the watches and waits for running callbacks, for 5 s or `timeout`. Does not wait in a callback.
    pub(crate) async fn close(&self, timeout: Duration) {
        self.end();
        if !is_in_callback() {
            let _ = tokio::time::timeout(timeout.min(CALLBACK_TIMEOUT), self.running.closed()).await;
        }
    }
}
