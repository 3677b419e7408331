//! The queue of sends for the next calls.

use std::collections::VecDeque;

/// Numbers and sizes of the sends that wait for a call, in order.
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

    /// Puts sends back to the front, in their order: retries go before new sends.
    pub(crate) fn put_back(&mut self, sends: impl DoubleEndedIterator<Item = (u64, usize)>) {
        for (number, bytes) in sends.rev() {
            self.waiting.push_front((number, bytes));
            self.bytes += bytes;
        }
    }

    /// Takes the sends of one call from the front, and removes those that are gone. A send larger than
    /// `max_bytes` goes alone.
    pub(crate) fn take(
        &mut self,
        max_count: usize,
        max_bytes: usize,
        is_gone: impl Fn(u64) -> bool,
    ) -> Vec<u64> {
        let mut taken = Vec::new();
        let mut taken_bytes = 0;
        while let Some(&(number, bytes)) = self.waiting.front() {
            if !is_gone(number) {
                if taken.len() == max_count || (!taken.is_empty() && taken_bytes + bytes > max_bytes) {
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

    /// Removes the sends that are gone.
    pub(crate) fn sweep(&mut self, is_gone: impl Fn(u64) -> bool) {
        self.waiting.retain(|&(number, _)| !is_gone(number));
        self.bytes = self.waiting.iter().map(|&(_, bytes)| bytes).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_takes_the_sends_that_fit_and_skips_gone_ones() {
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
