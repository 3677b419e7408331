//! The future of a send.

use crate::error::{Error, ErrorKind};
use crate::receipt::Receipt;
use crate::sent_by::SentBy;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// A send under way. It continues if this is dropped.
#[derive(Debug)]
#[must_use = "the result shows whether the message is stored"]
pub struct Sending(State);

#[derive(Debug)]
enum State {
    Ready(Option<Result<Receipt, Error>>),
    Waiting(oneshot::Receiver<Result<Receipt, Error>>),
}

impl Sending {
    pub(crate) const fn ready(result: Result<Receipt, Error>) -> Self {
        Self(State::Ready(Some(result)))
    }

    pub(crate) const fn waiting(result: oneshot::Receiver<Result<Receipt, Error>>) -> Self {
        Self(State::Waiting(result))
    }
}

impl Future for Sending {
    type Output = Result<Receipt, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Ready(result) => Poll::Ready(result.take().expect("polled after it was ready")),
            State::Waiting(result) => match Pin::new(result).poll(context) {
                // The wait blocks a thread that the send needs.
                Poll::Pending if SentBy::current() == SentBy::Callback => {
                    let message = "the send continues, but on_dropped and log subscribers must not wait for it; await it in a task";
                    Poll::Ready(Err(
                        Error::new(ErrorKind::Aborted, message).with_maybe_stored(true)
                    ))
                }
                poll => poll.map(|received| {
                    received.unwrap_or_else(|_| {
                        let message = "the runtime ended before the message was sent";
                        Err(Error::new(ErrorKind::Closed, message).with_maybe_stored(true))
                    })
                }),
            },
        }
    }
}
