//! The body of a request, which is recorded while the service reads it.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// How long a caller may take to send the rest of a body whose request has failed.
const REST_TIMEOUT: Duration = Duration::from_secs(5);

/// The body that a service within an [`HttpDeadLetterLayer`](crate::HttpDeadLetterLayer) reads. It passes each frame
/// on as it comes.
pub struct RecordedBody<B> {
    /// `None` after the drop.
    body: Option<B>,
    recording: Recording<B>,
}

/// What has been read of a body. Clones share it.
pub(super) struct Recording<B>(Arc<Mutex<State<B>>>);

struct State<B> {
    chunks: Vec<Bytes>,
    bytes: usize,
    max_bytes: usize,
    is_whole: bool,
    /// The caller has gone, or sends more than the limit.
    is_cut: bool,
    /// What the service has not read.
    rest: Option<B>,
}

impl<B> Clone for Recording<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<B: Body<Data = Bytes> + Unpin> RecordedBody<B> {
    /// Records at most `max_bytes`.
    pub(super) fn new(body: B, max_bytes: usize) -> (Self, Recording<B>) {
        let recording = Recording(Arc::new(Mutex::new(State {
            chunks: Vec::new(),
            bytes: 0,
            max_bytes,
            is_whole: body.is_end_stream(),
            is_cut: false,
            rest: None,
        })));
        let recorded = Self {
            body: Some(body),
            recording: recording.clone(),
        };
        (recorded, recording)
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for RecordedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let Self { body, recording } = &mut *self;
        let Some(body) = body else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(&mut *body).poll_frame(context));
        recording.add(frame.as_ref(), body);
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}

impl<B> Drop for RecordedBody<B> {
    fn drop(&mut self) {
        self.recording.0.lock().unwrap().rest = self.body.take();
    }
}

impl<B> fmt::Debug for RecordedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedBody").finish_non_exhaustive()
    }
}

impl<B: Body<Data = Bytes> + Unpin> Recording<B> {
    /// Adds a frame of `body`.
    fn add(&self, frame: Option<&Result<Frame<Bytes>, B::Error>>, body: &B) {
        let mut state = self.0.lock().unwrap();
        match frame {
            // hyper ends a body without an error if the task of its connection ends.
            None => {
                state.is_cut |= body.size_hint().lower() > 0;
                state.is_whole = !state.is_cut;
            }
            Some(Err(_)) => state.is_cut = true,
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref().filter(|_| !state.is_cut) {
                    let room = state.max_bytes - state.bytes;
                    state.is_cut = data.len() > room;
                    let kept = data.slice(..data.len().min(room));
                    state.bytes += kept.len();
                    state.chunks.push(kept);
                }
                state.is_whole = body.is_end_stream() && !state.is_cut;
            }
        }
    }

    /// Reports whether the length of the rest is known, so that an early end is noticed.
    pub(super) fn has_known_length(&self) -> bool {
        let state = self.0.lock().unwrap();
        state
            .rest
            .as_ref()
            .is_some_and(|rest| rest.size_hint().exact().is_some())
    }

    /// Reads what the service has not read, up to the limit.
    pub(super) async fn read_rest(&self) {
        let Some(mut rest) = self.0.lock().unwrap().rest.take() else {
            return; // the service still has it
        };
        let read = async {
            while !self.has_ended() {
                let frame = poll_fn(|context| Pin::new(&mut rest).poll_frame(context)).await;
                self.add(frame.as_ref(), &rest);
            }
        };
        let _ = tokio::time::timeout(REST_TIMEOUT, read).await;
    }
}

impl<B> Recording<B> {
    /// Reports whether nothing more is to be read.
    pub(super) fn has_ended(&self) -> bool {
        let state = self.0.lock().unwrap();
        state.is_whole || state.is_cut
    }

    pub(super) fn is_whole(&self) -> bool {
        self.0.lock().unwrap().is_whole
    }

    /// Returns what has been read.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().chunks.concat()
    }
}
