//! The result of a send.

use crate::v1::{MessageState, QuarantineReason, Reason, SendToDlqResponse};
use crate::wire_time::timestamp_from_wire;
use std::time::SystemTime;

/// Where a sent message is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Receipt {
    /// The service stored it.
    Sent(Stored),
    /// The service stored it as one more failure of an earlier message, or had stored it before.
    Joined(Stored),
    /// The spool stored it, and sends it once when the service is available.
    Spooled {
        /// False: in memory only, and lost if the process ends.
        durable: bool,
    },
    /// It is the message of the running handler. The failure becomes the outcome of that delivery.
    Delivery {
        /// The message's id.
        id: String,
    },
}

/// A message that the service stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// The message's id, or that of the message it joined. Empty if a routing rule dropped the message, or if
    /// the service had the send already and has forgotten its result.
    pub id: String,
    /// The state.
    pub state: MessageState,
    /// The reason as given, or as the service derived it from the error.
    pub reason: Reason,
    /// When the next retry is due.
    pub due_time: Option<SystemTime>,
    /// Why it was quarantined.
    pub quarantine_reason: Option<QuarantineReason>,
    /// The queue of the send, unless a routing rule chose another one.
    pub queue: String,
}

impl Receipt {
    /// Returns the message's id if it is known.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Sent(Stored { id, .. }) | Self::Joined(Stored { id, .. }) | Self::Delivery { id } => {
                (!id.is_empty()).then_some(id)
            }
            Self::Spooled { .. } => None,
        }
    }

    /// Reports whether the message is stored by the service or on disk. In memory it is no safer than in the
    /// caller's own.
    pub const fn is_kept(&self) -> bool {
        !matches!(self, Self::Spooled { durable: false })
    }

    /// `sent_to` is the queue of the request.
    pub(crate) fn from_response(response: SendToDlqResponse, sent_to: &str) -> Self {
        let duplicate = response.duplicate;
        let stored = Stored {
            state: response.state(),
            reason: response.reason(),
            quarantine_reason: known_reason(response.quarantine_reason()),
            due_time: response.due_time.as_ref().map(timestamp_from_wire),
            queue: if response.queue.is_empty() {
                sent_to.to_owned()
            } else {
                response.queue
            },
            id: response.id,
        };
        if duplicate {
            Self::Joined(stored)
        } else {
            Self::Sent(stored)
        }
    }
}

pub(crate) fn known_reason(reason: QuarantineReason) -> Option<QuarantineReason> {
    (reason != QuarantineReason::Unspecified).then_some(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_not_stored_has_no_id() {
        let receipt = Receipt::from_response(SendToDlqResponse::default(), "q");
        assert_eq!(receipt.id(), None);
    }
}
