//! Sends: from what a caller gives to the service, or to where it is kept meanwhile.

pub(crate) mod letter;
mod numbers;
mod pending;
mod queue;
pub(crate) mod reachability;
pub(crate) mod report;
pub(crate) mod request;
pub(crate) mod sender;

pub(crate) use numbers::SendNumbers;
