//! The entries of a history for requests and results.

use super::history::ms_of;
use super::messages::{checksum_of, edited_text, plan_of};
use dlq_client::v1::outcome::Result as Wire;
use dlq_client::v1::payload::Body;
use dlq_client::v1::{AckResult, AckStatus, Delivery, ExtendLeaseResponse, Outcome, Payload};
use dlq_client::v1::{SendToDlqRequest, SendToDlqResponse};
use serde_json::{Value, json};
use tonic::{Code, Status};

/// The codes of the server that mean that nothing changed.
const REFUSALS: [Code; 4] = [
    Code::ResourceExhausted,
    Code::InvalidArgument,
    Code::Unauthenticated,
    Code::Unimplemented,
];

pub fn sending(request: &SendToDlqRequest) -> Value {
    let payload = bytes_of(request.payload.as_ref());
    let edited = edited_text(&String::from_utf8_lossy(payload));
    json!({
        "request": request.request_id,
        "source": request.source_id,
        "queue": request.queue,
        "sum": checksum_of(payload),
        "edited": checksum_of(edited.as_bytes()),
        "plan": plan_of(payload),
    })
}

pub fn sent(request: &str, response: &SendToDlqResponse) -> Value {
    let is_known_only = response.duplicate && response.id.is_empty();
    let state = response
        .state()
        .as_str_name()
        .trim_start_matches("MESSAGE_STATE_");
    json!({
        "request": request,
        "id": response.id,
        "state": if is_known_only { "KNOWN" } else { state },
        "dueAt": ms_of(response.due_time.as_ref()),
    })
}

/// Returns the entry `unsent` or `unacked` of a failed try.
pub fn unanswered(request: &str, status: &Status) -> Value {
    json!({ "request": request, "code": code_name(status.code()), "refused": is_refused(status) })
}

pub fn outcome(outcome: &Outcome) -> Value {
    let (kind, is_final) = match &outcome.result {
        Some(Wire::Succeeded(_)) => ("succeeded", false),
        Some(Wire::Failed(failed)) => ("failed", failed.non_retryable),
        Some(Wire::Released(_)) => ("released", false),
        Some(Wire::Quarantined(_)) => ("quarantined", false),
        Some(Wire::Discarded(_)) => ("discarded", false),
        None => panic!("unknown outcome"),
    };
    let mut entry = json!({ "token": outcome.lease_token, "outcome": kind });
    if is_final {
        entry["nonRetryable"] = true.into();
    }
    entry
}

pub fn acked(result: &AckResult) -> Value {
    let status = result.status().as_str_name().trim_start_matches("ACK_STATUS_");
    let mut entry = json!({ "status": status });
    let state = result.state().as_str_name().trim_start_matches("MESSAGE_STATE_");
    // The history has no states of removed messages.
    if ["SCHEDULED", "IN_FLIGHT", "QUARANTINED"].contains(&state) {
        entry["state"] = state.into();
    }
    if result.due_time.is_some() {
        entry["dueAt"] = ms_of(result.due_time.as_ref()).into();
    }
    entry
}

pub fn leases(response: &ExtendLeaseResponse) -> Vec<Value> {
    let applied = response
        .results
        .iter()
        .filter(|result| result.status() == AckStatus::Applied && result.lease_expire_time.is_some());
    applied
        .map(|result| {
            let expires = ms_of(result.lease_expire_time.as_ref());
            json!({ "token": result.lease_token, "expires": expires })
        })
        .collect()
}

pub fn delivered(stream: &str, delivery: &Delivery) -> Value {
    let message = delivery.message.clone().unwrap_or_default();
    let payload = bytes_of(message.payload.as_ref());
    json!({
        "stream": stream,
        "queue": message.queue,
        "id": message.id,
        "source": message.source_id,
        "sum": checksum_of(payload),
        "plan": plan_of(payload),
        "token": delivery.lease_token,
        "number": delivery.delivery_number,
        "attempt": delivery.attempt,
        "unknown": delivery.outcome_unknown,
        "expires": ms_of(delivery.lease_expire_time.as_ref()),
    })
}

/// Returns gRPC's name of a code, e.g. `RESOURCE_EXHAUSTED`.
pub fn code_name(code: Code) -> String {
    crate::calls::name_of(code)
}

/// Reports whether the server refused the request, so that nothing changed. Its own errors carry details.
fn is_refused(status: &Status) -> bool {
    !status.details().is_empty() && REFUSALS.contains(&status.code())
}

fn bytes_of(payload: Option<&Payload>) -> &[u8] {
    match payload.and_then(|payload| payload.body.as_ref()) {
        Some(Body::Text(text)) => text.as_bytes(),
        Some(Body::Data(data)) => data,
        None => &[],
    }
}
