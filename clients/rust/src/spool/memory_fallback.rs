//! Keeps messages in memory while the disk can't be written.

use crate::v1::SendToDlqRequest;
use prost::Message;
use std::collections::BTreeMap;

/// Messages that can't be written to disk, oldest first. They are lost if the process ends.
#[derive(Default)]
pub(super) struct MemoryFallback {
    messages: BTreeMap<u64, SendToDlqRequest>,
    pub(super) bytes: u64,
    next_number: u64,
}

impl MemoryFallback {
    pub(super) fn add(&mut self, request: SendToDlqRequest) {
        self.bytes += request.encoded_len() as u64;
        self.messages.insert(self.next_number, request);
        self.next_number += 1;
    }

    pub(super) fn count(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &SendToDlqRequest)> {
        self.messages.iter().map(|(&number, request)| (number, request))
    }

    pub(super) fn remove(&mut self, number: u64) {
        if let Some(request) = self.messages.remove(&number) {
            self.bytes -= request.encoded_len() as u64;
        }
    }

    pub(super) fn take_all(&mut self) -> Vec<SendToDlqRequest> {
        std::mem::take(self).messages.into_values().collect()
    }
}
