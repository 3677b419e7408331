//! Sends messages to the service, and to the spool while the service is unavailable.

mod call_results;
pub(crate) mod calls;
pub(crate) mod drop_report;
pub(crate) mod pending_send;
pub(crate) mod pending_sends;
mod queue;
pub(crate) mod reachability;
pub(crate) mod request;
pub(crate) mod send_report;
pub(crate) mod sender;
pub(crate) mod sending;
