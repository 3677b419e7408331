//! Records the frames of a stream before its reader gets them.

use super::entries;
use super::history::duration_ms;
use super::recording::{HEAD_BYTES, Recording};
use bytes::{Buf, Bytes, BytesMut};
use dlq_client::v1::StreamDueResponse;
use dlq_client::v1::stream_due_response::Frame as Due;
use http_body::{Body as HttpBody, Frame, SizeHint};
use prost::Message;
use serde_json::json;
use std::pin::Pin;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::{Code, Status};

pub struct RecordedFrames {
    body: Body,
    /// The bytes of an incomplete message.
    rest: BytesMut,
    recording: Recording,
    stream: String,
    is_open: bool,
    /// Why the stream ends, once it is known.
    end_reason: Option<String>,
}

impl RecordedFrames {
    pub fn new(body: Body, recording: Recording) -> Self {
        recording.begins();
        Self {
            body,
            rest: BytesMut::new(),
            stream: recording.name("stream"),
            recording,
            is_open: false,
            end_reason: None,
        }
    }

    fn take(&mut self, data: &Bytes) {
        self.rest.extend_from_slice(data);
        while self.rest.len() >= HEAD_BYTES {
            let length = (&self.rest[1..]).get_u32() as usize;
            if self.rest.len() < HEAD_BYTES + length {
                return;
            }
            let message = self.rest.split_to(HEAD_BYTES + length);
            let response = StreamDueResponse::decode(&message[HEAD_BYTES..]).expect("a response");
            self.write(response);
        }
    }

    fn write(&mut self, response: StreamDueResponse) {
        let history = &self.recording.history;
        match response.frame {
            Some(Due::Opened(opened)) => {
                self.is_open = true;
                let entry = json!({
                    "stream": self.stream,
                    "session": opened.session_id,
                    "leaseMs": duration_ms(opened.lease_duration.as_ref()),
                    "leasesHeld": opened.leases_held,
                });
                history.write("opened", entry);
            }
            Some(Due::Deliveries(some)) => {
                for delivery in &some.deliveries {
                    history.write("delivered", entries::delivered(&self.stream, delivery));
                }
            }
            Some(Due::Drain(_)) => self.end_reason = Some("drain".to_owned()),
            _ => {}
        }
    }

    fn set_end(&mut self, status: Option<&Status>) {
        let error = status.filter(|status| status.code() != Code::Ok);
        let reason = error.map_or_else(|| "end".to_owned(), |status| entries::code_name(status.code()));
        self.end_reason.get_or_insert(reason);
    }
}

impl HttpBody for RecordedFrames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    self.take(data);
                } else if let Some(trailers) = frame.trailers_ref() {
                    self.set_end(Status::from_header_map(trailers).as_ref());
                }
            }
            Poll::Ready(Some(Err(status))) => self.set_end(Some(status)),
            Poll::Ready(None) => self.set_end(None),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for RecordedFrames {
    fn drop(&mut self) {
        if self.is_open {
            let reason = self.end_reason.as_deref().unwrap_or("CANCELLED");
            let entry = json!({ "stream": self.stream, "why": reason });
            self.recording.history.write("closed", entry);
        }
        self.recording.ends();
    }
}
