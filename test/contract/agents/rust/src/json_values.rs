//! Converts between the client's values and the JSON of scenarios.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use dlq_client::{Delivery, Error, Failure, IntoPayload, OutcomeEvent, Payload, Receipt, Settled, Stored};
use serde_json::{Map, Value, json};
use std::error::Error as _;
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
        Ok(Receipt::Sent(stored)) => stored_json("sent", stored),
        Ok(Receipt::Joined(stored)) => stored_json("joined", stored),
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

fn stored_json(status: &str, stored: Stored) -> Value {
    let mut json = Map::new();
    json.insert("status".to_owned(), status.into());
    json.insert("id".to_owned(), stored.id.into());
    json.insert(
        "state".to_owned(),
        without_prefix(stored.state.as_str_name(), "MESSAGE_STATE_").into(),
    );
    json.insert(
        "reason".to_owned(),
        without_prefix(stored.reason.as_str_name(), "REASON_").into(),
    );
    json.insert("queue".to_owned(), stored.queue.into());
    if let Some(time) = stored.due_time {
        json.insert("due_time_ms".to_owned(), ms_of(time).into());
    }
    if let Some(reason) = stored.quarantine_reason {
        json.insert(
            "quarantine_reason".to_owned(),
            without_prefix(reason.as_str_name(), "QUARANTINE_REASON_").into(),
        );
    }
    Value::Object(json)
}

fn ms_of(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1_000.0
}

fn without_prefix<'a>(name: &'a str, prefix: &str) -> &'a str {
    name.strip_prefix(prefix).unwrap_or(name)
}

pub fn settled_json(settled: &Settled) -> Value {
    let mut json = json!({
        "event": "settled",
        "outcome": settled.outcome.as_str(),
        "state": without_prefix(settled.state.as_str_name(), "MESSAGE_STATE_"),
        "duration_ms": settled.duration.as_secs_f64() * 1_000.0,
    });
    if let Some(failure) = &settled.failure {
        json["error"] = failure.message.as_str().into();
    }
    json
}

pub fn outcome_json(client: &str, kind: &str, event: &OutcomeEvent) -> Value {
    let mut json = json!({
        "event": "outcome",
        "client": client,
        "kind": kind,
        "id": event.id,
        "queue": event.queue,
        "attempts": event.attempts,
        "reason": without_prefix(event.reason.as_str_name(), "REASON_"),
        "note": event.note,
        "source_id": event.source_id,
    });
    if let Some(reason) = event.quarantine_reason {
        json["quarantine_reason"] = without_prefix(reason.as_str_name(), "QUARANTINE_REASON_").into();
    }
    if let Some(time) = event.due_time {
        json["due_time"] = ms_of(time).into();
    }
    json
}

pub fn error_json(worker: &str, error: &Error, delivery: Option<&Delivery>) -> Value {
    let mut json = json!({
        "event": "error",
        "worker": worker,
        "kind": error.kind().as_str(),
        "message": error.to_string(),
    });
    if let Some(delivery) = delivery {
        json["id"] = delivery.id().into();
        json["attempt"] = delivery.attempt().into();
    }
    if let Some(cause) = error.source() {
        json["cause"] = cause.to_string().into();
    }
    json
}

pub fn delivery_json(delivery: &Delivery) -> Value {
    let bytes = delivery.payload().bytes();
    let payload = match std::str::from_utf8(bytes) {
        Ok(text) => json!({ "text": text }),
        Err(_) => json!({ "base64": BASE64.encode(bytes) }),
    };
    let mut json = json!({
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
        json["trace_context"] = json!({ "traceparent": trace.traceparent });
    }
    if let Some(failure) = delivery.latest_failure() {
        json["latest_failure"] = failure_json(failure);
        json["latest_failure"]["reason"] = without_prefix(delivery.reason().as_str_name(), "REASON_").into();
    }
    json
}

fn failure_json(failure: &Failure) -> Value {
    let mut json = json!({
        "type": failure.r#type,
        "message": failure.message,
        "stack_trace": failure.stack_trace,
        "fingerprint": failure.fingerprint,
        "attributes": failure.attributes,
    });
    if let Some(code) = failure.grpc_code {
        json["grpc_code"] = code.into();
    }
    if let Some(status) = failure.http_status {
        json["http_status"] = status.into();
    }
    if let Some(wait) = &failure.retry_after {
        json["retry_after_ms"] = (wait.seconds * 1_000 + i64::from(wait.nanos / 1_000_000)).into();
    }
    json
}
