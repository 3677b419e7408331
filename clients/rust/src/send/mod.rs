//! Sends: from what a caller gives to the service, or to where it is kept meanwhile.

mod answers;
pub(crate) mod calls;
pub(crate) mod letter;
mod numbers;
pub(crate) mod pending;
mod queue;
pub(crate) mod reachability;
pub(crate) mod report;
pub(crate) mod request;
pub(crate) mod sender;
pub(crate) mod shared;

pub(crate) use numbers::SendNumbers;
