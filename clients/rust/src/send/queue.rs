//! Sends that wait for a call.

use std::collections::VecDeque;

/// Numbers of sends that wait for a call, in order, and their bytes.
#[derive(Default)]
pub(crate) struct SendQueue {
    waiting: VecDeque<(u64, usize)>,
    bytes: usize,
}

impl SendQueue {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn push(&mut self, number: u64, bytes: usize) {
        self.waiting.push_back((number, bytes));
        self.bytes += bytes;
    }

    /// Back to the front, in their order: what was tried before goes before what is new.
    pub(crate) fn put_back(&mut self, sends: impl DoubleEndedIterator<Item = (u64, usize)>) {
        for (number, bytes) in sends.rev() {
            self.waiting.push_front((number, bytes));
            self.bytes += bytes;
        }
    }

    /// As many from the front as fit into one call; one that is larger goes alone. Those that `is_gone`
    /// says are passed over.
    pub(crate) fn take(&mut self, most: usize, most_bytes: usize, is_gone: impl Fn(u64) -> bool) -> Vec<u64> {
        let mut taken = Vec::new();
        let mut taken_bytes = 0;
        while let Some(&(number, bytes)) = self.waiting.front() {
            if !is_gone(number) {
                if taken.len() == most || (!taken.is_empty() && taken_bytes + bytes > most_bytes) {
                    break;
                }
                taken_bytes += bytes;
                taken.push(number);
            }
            self.bytes -= bytes;
            self.waiting.pop_front();
        }
        taken
    }

    /// Lets go of those that are gone, however long no call takes them.
    pub(crate) fn sweep(&mut self, is_gone: impl Fn(u64) -> bool) {
        self.waiting.retain(|&(number, _)| !is_gone(number));
        self.bytes = self.waiting.iter().map(|&(_, bytes)| bytes).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_fits_and_passes_over_what_is_gone() {
        let mut queue = SendQueue::default();
        for (number, bytes) in [(1, 50), (2, 60), (3, 500), (4, 10)] {
            queue.push(number, bytes);
        }
        assert_eq!(queue.take(10, 110, |number| number == 1), [2]);
        assert_eq!(queue.take(10, 110, |_| false), [3]);
        queue.put_back([(3, 500)].into_iter());
        assert_eq!(queue.take(1, 1_000, |_| false), [3]);
        assert_eq!((queue.len(), queue.bytes()), (1, 10));
    }
}
