//! A request on its way.

use crate::v1::SendToDlqRequest;
use prost::Message;

/// What the tag and the length of a request in a batch take.
const FRAME_BYTES: usize = 8;

/// A request on its way, and how many bytes it takes on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) request: SendToDlqRequest,
    pub(crate) bytes: usize,
}

impl Letter {
    pub(crate) fn new(request: SendToDlqRequest) -> Self {
        let bytes = request.encoded_len() + FRAME_BYTES;
        Self { request, bytes }
    }

    pub(crate) fn queue(&self) -> &str {
        &self.request.queue
    }
}
