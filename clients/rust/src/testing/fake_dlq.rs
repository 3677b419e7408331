//! A fake of the service in the process.

use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::error::Error;
use crate::stubs::server::dlq_service_server::DlqServiceServer;
use crate::testing::fake_message::{FakeMessage, FakeState};
use crate::testing::fake_service::FakeService;
use crate::testing::fake_store::FakeStore;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::watch;
use tonic::Status;
use tower::layer::layer_fn;

const WAIT: Duration = Duration::from_secs(5);

/// A fake of the service in the process, without a network. Real clients use it, and tests look at its messages.
///
/// Messages are due at once unless they were sent with a delay, and again at once after a failed attempt. They are
/// quarantined after the `max_retries` of the message, by default 3. Clones are the same fake.
#[derive(Clone, Default)]
pub struct FakeDlq(Arc<Shared>);

#[derive(Default)]
pub(super) struct Shared {
    pub(super) store: Mutex<FakeStore>,
    pub(super) changes: watch::Sender<()>,
}

impl Shared {
    /// Fails while the fake is down.
    pub(super) fn store(&self) -> Result<MutexGuard<'_, FakeStore>, Status> {
        let store = self.store.lock().unwrap();
        if store.is_down {
            return Err(Status::unavailable("the fake is down"));
        }
        Ok(store)
    }

    pub(super) fn changed(&self) {
        self.changes.send_replace(());
    }
}

impl FakeDlq {
    /// Returns a fake without messages.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a client without a spool: while the fake is down, sends are dropped at their deadline.
    ///
    /// # Errors
    ///
    /// Returns an error without a tokio runtime.
    pub fn client(&self) -> Result<Client, Error> {
        self.builder().build()
    }

    /// Returns a builder for a client with your own options. Do not set a layer: it would replace the fake.
    pub fn builder(&self) -> ClientBuilder {
        let service = DlqServiceServer::new(FakeService(Arc::clone(&self.0)));
        let layer = layer_fn(move |_| service.clone());
        Client::builder("http://fake.invalid")
            .without_spool()
            .layer(layer)
    }

    /// Returns the messages of a queue, oldest first, also those that are done.
    pub fn messages(&self, queue: &str) -> Vec<FakeMessage> {
        let store = self.0.store.lock().unwrap();
        let of_queue = store.messages.iter().filter(|one| one.request.queue == queue);
        of_queue.cloned().collect()
    }

    /// Waits until `count` messages of the queue are in a state, and returns them.
    ///
    /// # Panics
    ///
    /// Panics after 5 s.
    pub async fn wait_for(&self, queue: &str, state: FakeState, count: usize) -> Vec<FakeMessage> {
        let mut changes = self.0.changes.subscribe();
        let found = || {
            let all = self.messages(queue).into_iter();
            all.filter(|message| message.state == state).collect::<Vec<_>>()
        };
        let wait = async {
            while found().len() < count {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        let is_late = tokio::time::timeout(WAIT, wait).await.is_err();
        let found = found();
        assert!(
            !is_late,
            "{} messages of queue \"{queue}\" are {state:?}, not {count}",
            found.len()
        );
        found
    }

    /// Makes the scheduled and quarantined messages of a queue due now.
    pub fn make_due(&self, queue: &str) {
        self.0.store.lock().unwrap().make_due(queue);
        self.0.changed();
    }

    /// Makes the fake unavailable.
    pub fn go_down(&self) {
        self.0.store.lock().unwrap().is_down = true;
        self.0.changed();
    }

    /// Makes the fake available again.
    pub fn come_back(&self) {
        self.0.store.lock().unwrap().is_down = false;
    }
}

impl std::fmt::Debug for FakeDlq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeDlq").finish_non_exhaustive()
    }
}
