//! Tells of dropped messages.

use crate::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Told of each message that was dropped, and its queue.
pub(crate) type OnDropped = Arc<dyn Fn(&Error, &str) + Send + Sync>;

const LINE_EVERY: Duration = Duration::from_secs(1);

/// At most one line a second by `tracing`, with how many it stands for.
pub(crate) fn drop_report() -> OnDropped {
    let told = Mutex::new((None::<Instant>, 0_u64));
    Arc::new(move |error, queue| {
        let mut told = told.lock().unwrap();
        if told.0.is_some_and(|at| at.elapsed() < LINE_EVERY) {
            told.1 += 1;
            return;
        }
        tracing::error!(queue, kind = %error.kind(), untold_before = told.1, "dropped a message: {error}");
        *told = (Some(Instant::now()), 0);
    })
}

/// A caller's own function: what it panics with is told and harms nothing.
pub(crate) fn shielded(name: &str, call: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(call)).is_err() {
        tracing::error!("{name} panicked");
    }
}
