//! The calls that carry sends, and their requests.

use crate::reconnecting_channel::ReconnectingChannel;
use crate::status_details::status_of;
use crate::v1::send_to_dlq_batch_result::Outcome;
use crate::v1::{SendNumber, SendToDlqBatchRequest, SendToDlqRequest, SendToDlqResponse};
use prost::Message;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tonic::{Code, Status};

/// Bytes of tag and length of a request in a batch.
const FRAME_BYTES: usize = 8;

/// A request with its size on the wire.
#[derive(Clone, Debug)]
pub(crate) struct SizedRequest {
    pub(crate) request: SendToDlqRequest,
    pub(crate) bytes: usize,
}

impl SizedRequest {
    pub(crate) fn new(request: SendToDlqRequest) -> Self {
        let bytes = Self::size_of(&request);
        Self { request, bytes }
    }

    pub(crate) fn size_of(request: &SendToDlqRequest) -> usize {
        request.encoded_len() + FRAME_BYTES
    }

    pub(crate) fn queue(&self) -> &str {
        &self.request.queue
    }
}

/// Numbers the sends of one client to each queue, so that the service recognizes a late repeat.
pub(crate) struct SendNumbers {
    client_id: [u8; 16],
    latest: Mutex<HashMap<String, u64>>,
}

impl SendNumbers {
    pub(crate) fn new() -> Self {
        Self {
            client_id: rand::random(),
            latest: Mutex::default(),
        }
    }

    pub(crate) fn assign(&self, request: &mut SendToDlqRequest) {
        let mut latest = self.latest.lock().unwrap();
        let number = latest.entry(request.queue.clone()).or_default();
        *number += 1;
        request.send_number = Some(SendNumber {
            client_id: self.client_id.to_vec(),
            number: *number,
        });
    }
}

/// The result of one message, sent alone or in a batch.
pub(crate) type MessageResult = Result<SendToDlqResponse, Status>;

/// Returns the first error if each message of a call failed with UNAVAILABLE, as when the server's store is
/// down.
pub(crate) fn common_unavailable_error(results: &[MessageResult]) -> Option<&Status> {
    let mut errors = results.iter().map(|result| {
        let status = result.as_ref().err();
        status.filter(|status| status.code() == Code::Unavailable)
    });
    let first = errors.next()??;
    errors.all(|status| status.is_some()).then_some(first)
}

/// Sends one message by `SendToDlq`, several by `SendToDlqBatch`.
pub(super) async fn call_send(
    channel: &ReconnectingChannel,
    requests: &[Arc<SizedRequest>],
    timeout: Duration,
) -> Result<Vec<MessageResult>, Status> {
    if let [sized] = requests {
        let request = sized.request.clone();
        let call = channel.call(timeout, |mut service| async move {
            service.send_to_dlq(request).await
        });
        return Ok(vec![Ok(call.await?)]);
    }
    let requests = requests.iter().map(|sized| sized.request.clone()).collect();
    call_batch(channel, requests, timeout).await
}

pub(crate) async fn call_batch(
    channel: &ReconnectingChannel,
    requests: Vec<SendToDlqRequest>,
    timeout: Duration,
) -> Result<Vec<MessageResult>, Status> {
    let count = requests.len();
    let no_result = || Status::internal("the server returned no result");
    let request = SendToDlqBatchRequest { requests };
    let call = channel.call(timeout, |mut service| async move {
        service.send_to_dlq_batch(request).await
    });
    let results = call.await?.results.into_iter();
    let results = results.map(|result| match result.outcome {
        Some(Outcome::Response(response)) => Ok(response),
        Some(Outcome::Error(error)) => Err(status_of(error)),
        None => Err(no_result()),
    });
    let mut results: Vec<MessageResult> = results.collect();
    results.resize_with(count, || Err(no_result()));
    Ok(results)
}
