//! Letters that no disk would take.

use crate::v1::SendToDlqRequest;
use prost::Message;
use std::collections::BTreeMap;

/// Letters that no disk would take, oldest first; lost with the process.
#[derive(Default)]
pub(crate) struct Memory {
    letters: BTreeMap<u64, SendToDlqRequest>,
    bytes: u64,
    next: u64,
}

impl Memory {
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn add(&mut self, request: SendToDlqRequest) {
        self.bytes += request.encoded_len() as u64;
        self.letters.insert(self.next, request);
        self.next += 1;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &SendToDlqRequest)> {
        self.letters.iter().map(|(&number, request)| (number, request))
    }

    pub(crate) fn remove(&mut self, number: u64) {
        if let Some(request) = self.letters.remove(&number) {
            self.bytes -= request.encoded_len() as u64;
        }
    }

    /// Lets go of all of them, oldest first.
    pub(crate) fn clear(&mut self) -> Vec<SendToDlqRequest> {
        std::mem::take(self).letters.into_values().collect()
    }
}
