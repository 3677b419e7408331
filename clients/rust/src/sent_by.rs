//! Whether the program sends a message, or one of its callbacks that the client calls.

use std::cell::Cell;

thread_local!(static IS_IN_CALLBACK: Cell<bool> = const { Cell::new(false) });

/// Who sends a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SentBy {
    Program,
    /// A callback for dropped messages, or a log subscriber for a line of the client.
    Callback,
}

impl SentBy {
    pub(crate) fn current() -> Self {
        if IS_IN_CALLBACK.get() {
            Self::Callback
        } else {
            Self::Program
        }
    }
}

/// Makes the sends of `call` those of a callback.
pub(crate) fn as_in_callback(call: impl FnOnce()) {
    struct Restored(bool);
    impl Drop for Restored {
        fn drop(&mut self) {
            IS_IN_CALLBACK.set(self.0);
        }
    }
    let _restored = Restored(IS_IN_CALLBACK.replace(true));
    call();
}
