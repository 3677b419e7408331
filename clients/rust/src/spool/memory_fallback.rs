//! Keeps messages in memory while the disk can't be written.

use crate::spool::folder::now_ms;
use crate::spool::usage::Usage;
use crate::v1::SendToDlqRequest;
use prost::Message;
use std::collections::BTreeMap;

/// Messages that can't be written to disk, oldest first. They are lost if the process ends.
#[derive(Default)]
pub(super) struct MemoryFallback {
    messages: BTreeMap<u64, Kept>,
    pub(super) bytes: u64,
    next_number: u64,
}

struct Kept {
    request: SendToDlqRequest,
    added_at_ms: u128,
}

impl MemoryFallback {
    pub(super) fn add(&mut self, request: SendToDlqRequest) {
        self.bytes += request.encoded_len() as u64;
        let added_at_ms = now_ms();
        self.messages
            .insert(self.next_number, Kept { request, added_at_ms });
        self.next_number += 1;
    }

    pub(super) fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        if let Some((_, oldest)) = self.messages.first_key_value() {
            usage.add(self.messages.len(), self.bytes, oldest.added_at_ms);
        }
        usage
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &SendToDlqRequest)> {
        self.messages
            .iter()
            .map(|(&number, kept)| (number, &kept.request))
    }

    pub(super) fn remove(&mut self, number: u64) {
        if let Some(kept) = self.messages.remove(&number) {
            self.bytes -= kept.request.encoded_len() as u64;
        }
    }

    pub(super) fn take_all(&mut self) -> Vec<SendToDlqRequest> {
        let kept = std::mem::take(self).messages.into_values();
        kept.map(|kept| kept.request).collect()
    }
}
