//! Callbacks with what becomes of the messages that a client sent.

mod callbacks;
mod event;
mod followed_messages;
mod recent;
mod reports;
mod seen_events;
#[cfg(test)]
mod tests;
mod watch;
mod watches;

pub(crate) use callbacks::OutcomeCallbacks;
pub use event::OutcomeEvent;
pub(crate) use watches::OutcomeWatches;
