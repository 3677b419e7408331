//! What the contract calls what this client takes and gives.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use dlq_client::{Delivery, Error, Failure, IntoPayload, Payload, Receipt, Settled, Stored};
use serde_json::{Map, Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

pub fn payload_of(given: &Value) -> Result<Payload, Error> {
    if let Some(text) = given["text"].as_str() {
        return text.into_payload();
    }
    match given["base64"].as_str() {
        Some(text) => BASE64.decode(text).expect("base64").into_payload(),
        None => given["json"].clone().into_payload(),
    }
}

pub fn result_of(result: Result<Receipt, Error>) -> Value {
    match result {
        Ok(Receipt::Sent(stored)) => stored_words("sent", stored),
        Ok(Receipt::Joined(stored)) => stored_words("joined", stored),
        Ok(Receipt::Spooled { durable }) => json!({ "status": "spooled", "durable": durable }),
        Ok(Receipt::Delivery { id }) => json!({ "status": "delivery", "id": id }),
        Ok(_) => json!({ "status": "unknown" }),
        Err(error) => json!({
            "status": "dropped",
            "error": {
                "kind": error.kind().as_str(),
                "maybe_stored": error.maybe_stored(),
                "message": error.to_string(),
            },
        }),
    }
}

fn stored_words(status: &str, stored: Stored) -> Value {
    let mut words = Map::new();
    words.insert("status".to_owned(), status.into());
    words.insert("id".to_owned(), stored.id.into());
    words.insert(
        "state".to_owned(),
        bare(stored.state.as_str_name(), "MESSAGE_STATE_").into(),
    );
    words.insert(
        "reason".to_owned(),
        bare(stored.reason.as_str_name(), "REASON_").into(),
    );
    words.insert("queue".to_owned(), stored.queue.into());
    if let Some(time) = stored.due_time {
        words.insert("due_time_ms".to_owned(), ms_of(time).into());
    }
    if let Some(reason) = stored.quarantine_reason {
        words.insert(
            "quarantine_reason".to_owned(),
            bare(reason.as_str_name(), "QUARANTINE_REASON_").into(),
        );
    }
    Value::Object(words)
}

fn ms_of(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1_000.0
}

fn bare<'a>(name: &'a str, prefix: &str) -> &'a str {
    name.strip_prefix(prefix).unwrap_or(name)
}

pub fn settled_words(settled: &Settled) -> Value {
    json!({
        "event": "settled",
        "outcome": settled.outcome.as_str(),
        "state": bare(settled.state.as_str_name(), "MESSAGE_STATE_"),
    })
}

pub fn delivery_words(delivery: &Delivery) -> Value {
    let bytes = delivery.payload().bytes();
    let payload = match std::str::from_utf8(bytes) {
        Ok(text) => json!({ "text": text }),
        Err(_) => json!({ "base64": BASE64.encode(bytes) }),
    };
    let mut words = json!({
        "event": "delivery",
        "id": delivery.id(),
        "queue": delivery.queue(),
        "payload": payload,
        "attributes": delivery.attributes(),
        "attempt": delivery.attempt(),
        "delivery_number": delivery.delivery_number(),
        "outcome_unknown": delivery.outcome_unknown(),
        "source_id": delivery.source_id(),
        "ordering_key": delivery.ordering_key(),
    });
    if let Some(trace) = delivery.trace_context() {
        words["trace_context"] = json!({ "traceparent": trace.traceparent });
    }
    if let Some(failure) = delivery.latest_failure() {
        words["latest_failure"] = failure_words(failure);
        words["latest_failure"]["reason"] =
            bare(delivery.reason().as_str_name(), "REASON_").into();
    }
    words
}

fn failure_words(failure: &Failure) -> Value {
    let mut words = json!({
        "type": failure.r#type,
        "message": failure.message,
        "stack_trace": failure.stack_trace,
        "attributes": failure.attributes,
    });
    if let Some(code) = failure.grpc_code {
        words["grpc_code"] = code.into();
    }
    if let Some(status) = failure.http_status {
        words["http_status"] = status.into();
    }
    if let Some(wait) = &failure.retry_after {
        words["retry_after_ms"] = (wait.seconds * 1_000 + i64::from(wait.nanos / 1_000_000)).into();
    }
    words
}
