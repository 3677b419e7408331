//! What became of a send.

use crate::durations::instant_from_wire;
use crate::v1::{MessageState, QuarantineReason, Reason, SendToDlqResponse};
use std::time::SystemTime;

/// Who has a message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Receipt {
    /// The service has it.
    Sent(Stored),
    /// The service has it as one more failure of an earlier message, or had it already.
    Joined(Stored),
    /// This machine has it, and delivers it when the service is back: under the same identity, once.
    Spooled {
        /// False: in memory only, and lost with the process.
        durable: bool,
    },
    /// It is the message that the running handler works on: the failure is that delivery's outcome.
    Delivery {
        /// Of the message.
        id: String,
    },
}

/// What the service says of a message that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// The message's id; of the message it joined, if it did.
    pub id: String,
    /// Where it is in its life.
    pub state: MessageState,
    /// As given, or as the server read it from the error.
    pub reason: Reason,
    /// When the next retry is due, if one is.
    pub due_time: Option<SystemTime>,
    /// Why it went to quarantine, if it did.
    pub quarantine_reason: Option<QuarantineReason>,
    /// The queue that it is in: of the send, unless a routing rule has chosen another one.
    pub queue: String,
}

impl Receipt {
    /// The service's id of the message, where it is known.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Sent(stored) | Self::Joined(stored) => Some(&stored.id),
            Self::Delivery { id } => Some(id),
            Self::Spooled { .. } => None,
        }
    }

    /// Whether whoever called need not keep the message himself. In the memory of this process it is
    /// not safer than with him.
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
            due_time: response.due_time.as_ref().map(instant_from_wire),
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
