//! The deliveries that wait for a handler.

use crate::worker::lease::Lease;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// The deliveries that wait for a handler, in order.
#[derive(Default)]
pub(crate) struct Ready {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Arc<Lease>>,
    waker: Option<Waker>,
    is_closed: bool,
}

impl Ready {
    /// Adds deliveries at once, so that one batch may have all of them. Returns them as an error if the queue is
    /// closed.
    pub(crate) fn push(&self, leases: Vec<Arc<Lease>>) -> Result<(), Vec<Arc<Lease>>> {
        let mut state = self.state.lock().unwrap();
        if state.is_closed {
            return Err(leases);
        }
        state.waiting.extend(leases);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    /// Returns `None` once the queue is closed. One task may wait at a time.
    pub(crate) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Arc<Lease>>> {
        let mut state = self.state.lock().unwrap();
        while let Some(lease) = state.waiting.pop_front() {
            if !lease.is_lost() {
                return Poll::Ready(Some(lease));
            }
        }
        if state.is_closed {
            return Poll::Ready(None);
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Closes the queue and returns the rest.
    pub(crate) fn close(&self) -> VecDeque<Arc<Lease>> {
        let mut state = self.state.lock().unwrap();
        state.is_closed = true;
        let rest = std::mem::take(&mut state.waiting);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        rest
    }
}
