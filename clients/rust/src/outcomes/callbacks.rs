//! The callbacks of a client for what becomes of its messages.

use crate::log::log;
use crate::outcomes::event::OutcomeEvent;
use crate::panics::catch_async_panic;
use std::pin::Pin;

tokio::task_local! {
    static IS_IN_CALLBACK: ();
}

/// Reports whether a callback makes the present call, for which the end of the callback can't be awaited.
pub(super) fn is_in_callback() -> bool {
    IS_IN_CALLBACK.try_with(|()| ()).is_ok()
}

/// What happened to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutcomeEventKind {
    Succeeded,
    Failed,
    Quarantined,
}

type Callback = Box<dyn Fn(OutcomeEvent) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The callbacks that the user set.
#[derive(Default)]
#[allow(clippy::struct_field_names)] // as the options
pub(crate) struct OutcomeCallbacks {
    pub(crate) on_succeeded: Option<Callback>,
    pub(crate) on_failed: Option<Callback>,
    pub(crate) on_quarantined: Option<Callback>,
}

impl OutcomeCallbacks {
    pub(crate) fn of<F>(callback: impl Fn(OutcomeEvent) -> F + Send + Sync + 'static) -> Callback
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Box::new(move |event| Box::pin(callback(event)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        let Self {
            on_succeeded,
            on_failed,
            on_quarantined,
        } = self;
        on_succeeded.is_none() && on_failed.is_none() && on_quarantined.is_none()
    }

    /// Calls the callback of this kind. A panic is logged and has no other effect.
    pub(super) async fn call(&self, kind: OutcomeEventKind, event: OutcomeEvent) {
        let (name, callback) = match kind {
            OutcomeEventKind::Succeeded => ("on_succeeded", &self.on_succeeded),
            OutcomeEventKind::Failed => ("on_failed", &self.on_failed),
            OutcomeEventKind::Quarantined => ("on_quarantined", &self.on_quarantined),
        };
        let Some(callback) = callback else { return };
        let (id, queue) = (event.id.clone(), event.queue.clone());
        let work = IS_IN_CALLBACK.scope((), async { callback(event).await });
        if catch_async_panic(work).await.is_err() {
            log!(
                error,
                "{name} failed for message {id} of queue \"{queue}\"; the event is not repeated"
            );
        }
    }
}
