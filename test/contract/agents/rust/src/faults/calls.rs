//! Records one call of the client, from its request to its end.

use super::entries;
use super::recording::Recording;
use dlq_client::v1::send_to_dlq_batch_result::Outcome as Part;
use dlq_client::v1::{AckRequest, AckResponse, ExtendLeaseRequest, ExtendLeaseResponse};
use dlq_client::v1::{SendToDlqBatchRequest, SendToDlqBatchResponse, SendToDlqRequest, SendToDlqResponse};
use prost::{DecodeError, Message};
use serde_json::json;
use tonic::{Code, Status};

/// The recorded methods, with the ids of their requests.
pub enum Kind {
    Send(String),
    Batch(Vec<String>),
    Ack(String),
    Extend(String),
}

/// One call. Its end is always recorded, also if the client drops it.
pub struct Call {
    recording: Recording,
    kind: Kind,
    has_ended: bool,
}

impl Call {
    /// Records the request of a call. Returns `None` for a method that is not recorded.
    pub fn begin(recording: &Recording, method: &str, request: &[u8]) -> Result<Option<Self>, DecodeError> {
        let history = &recording.history;
        let kind = match method {
            "SendToDlq" => {
                let request = SendToDlqRequest::decode(request)?;
                history.write("sending", entries::sending(&request));
                Kind::Send(request.request_id)
            }
            "SendToDlqBatch" => {
                let batch = SendToDlqBatchRequest::decode(request)?;
                for request in &batch.requests {
                    history.write("sending", entries::sending(request));
                }
                Kind::Batch(
                    batch
                        .requests
                        .into_iter()
                        .map(|request| request.request_id)
                        .collect(),
                )
            }
            "Ack" => {
                let ack = AckRequest::decode(request)?;
                let outcomes: Vec<_> = ack.outcomes.iter().map(entries::outcome).collect();
                history.write(
                    "acking",
                    json!({ "request": ack.request_id, "outcomes": outcomes }),
                );
                Kind::Ack(ack.request_id)
            }
            "ExtendLease" => {
                let extend = ExtendLeaseRequest::decode(request)?;
                let name = recording.name("extension");
                history.write(
                    "extending",
                    json!({ "request": name, "tokens": extend.lease_tokens }),
                );
                Kind::Extend(name)
            }
            _ => return Ok(None),
        };
        recording.begins();
        Ok(Some(Self {
            recording: recording.clone(),
            kind,
            has_ended: false,
        }))
    }

    pub fn answered(mut self, response: &[u8]) -> Result<(), DecodeError> {
        let history = &self.recording.history;
        match &self.kind {
            Kind::Send(request) => self.sent(request, &SendToDlqResponse::decode(response)?),
            Kind::Batch(requests) => {
                let results = SendToDlqBatchResponse::decode(response)?.results;
                assert_eq!(results.len(), requests.len(), "a result for each");
                for (request, result) in requests.iter().zip(results) {
                    match result.outcome {
                        Some(Part::Response(response)) => self.sent(request, &response),
                        Some(Part::Error(error)) => {
                            // Results in a batch always come from the server, also without details.
                            let status = Status::with_details(Code::from(error.code), "", "part".into());
                            history.write("unsent", entries::unanswered(request, &status));
                        }
                        None => panic!("neither response nor error"),
                    }
                }
            }
            Kind::Ack(request) => {
                let results = AckResponse::decode(response)?.results;
                let results: Vec<_> = results.iter().map(entries::acked).collect();
                history.write("acked", json!({ "request": request, "results": results }));
            }
            Kind::Extend(request) => {
                let leases = entries::leases(&ExtendLeaseResponse::decode(response)?);
                history.write("extended", json!({ "request": request, "leases": leases }));
            }
        }
        self.has_ended = true;
        Ok(())
    }

    pub fn failed(mut self, status: &Status) {
        self.unanswered(status);
        self.has_ended = true;
    }

    fn sent(&self, request: &str, response: &SendToDlqResponse) {
        self.recording
            .history
            .write("sent", entries::sent(request, response));
        (self.recording.on_sent)(request);
    }

    fn unanswered(&self, status: &Status) {
        let history = &self.recording.history;
        match &self.kind {
            Kind::Send(request) => history.write("unsent", entries::unanswered(request, status)),
            Kind::Batch(requests) => {
                for request in requests {
                    history.write("unsent", entries::unanswered(request, status));
                }
            }
            Kind::Ack(request) => history.write("unacked", entries::unanswered(request, status)),
            Kind::Extend(request) => {
                let code = entries::code_name(status.code());
                history.write("unextended", json!({ "request": request, "code": code }));
            }
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.has_ended {
            self.unanswered(&Status::cancelled("the client dropped the call"));
        }
        self.recording.ends();
    }
}
