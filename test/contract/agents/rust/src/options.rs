//! Converts the options of commands to those of the client.

use dlq_client::{
    Backoff, Client, ClientBuilder, Coalesce, Error, Jitter, Reason, RetryPolicy, SendRequest, SpoolOptions,
};
use serde_json::Value;
use std::time::{Duration, UNIX_EPOCH};

pub fn ms(value: &Value) -> Option<Duration> {
    value
        .as_f64()
        .map(|ms| Duration::from_secs_f64(ms.max(0.0) / 1_000.0))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn count(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|count| usize::try_from(count).ok())
}

pub fn client(given: &Value) -> Result<ClientBuilder, Error> {
    let mut builder = Client::builder(given["target"].as_str().unwrap_or_default());
    if let Some(token) = text(&given["token"]) {
        builder = builder.token(token);
    }
    if let Some(failure) = text(&given["token_error"]) {
        builder = builder.token_from(move || {
            let failure = failure.clone();
            async move { Err::<String, _>(failure) }
        });
    }
    if let Some(service) = text(&given["service"]) {
        builder = builder.service(service);
    }
    if let Some(timeout) = ms(&given["timeout_ms"]) {
        builder = builder.timeout(timeout);
    }
    if let Some(timeout) = ms(&given["try_timeout_ms"]) {
        builder = builder.try_timeout(timeout);
    }
    builder = builder.coalesce(coalesce(&given["coalesce"]));
    Ok(match &given["spool"] {
        Value::Bool(false) => builder.without_spool(),
        Value::Object(spool) => builder.spool(SpoolOptions {
            folder: spool.get("folder").and_then(Value::as_str).map(Into::into),
            max_bytes: spool
                .get("max_bytes")
                .and_then(Value::as_u64)
                .unwrap_or(SpoolOptions::default().max_bytes),
            sync: spool.get("sync") == Some(&Value::Bool(true)),
        }),
        _ => builder,
    })
}

fn coalesce(given: &Value) -> Coalesce {
    let default = Coalesce::default();
    Coalesce {
        max_delay: ms(&given["max_delay_ms"]).unwrap_or(default.max_delay),
        max_messages: count(&given["max_messages"]).unwrap_or(default.max_messages),
        max_bytes: count(&given["max_bytes"]).unwrap_or(default.max_bytes),
        max_calls: count(&given["max_calls"]).unwrap_or(default.max_calls),
        max_pending_messages: count(&given["max_pending_messages"]).unwrap_or(default.max_pending_messages),
        max_pending_bytes: count(&given["max_pending_bytes"]).unwrap_or(default.max_pending_bytes),
    }
}

/// Applies the options of a send.
pub fn send<'a>(mut send: SendRequest<'a>, given: &Value) -> Result<SendRequest<'a>, String> {
    let Value::Object(options) = given else {
        return Ok(send);
    };
    for (name, value) in options {
        let text_value = text(value).unwrap_or_default();
        let time = ms(value).unwrap_or_default();
        send = match name.as_str() {
            "source_id" => send.source_id(text_value),
            "dedup_key" => send.dedup_key(text_value),
            "ordering_key" => send.ordering_key(text_value),
            "request_id" => send.request_id(text_value),
            "content_type" => send.content_type(text_value),
            "reason" => {
                send.reason(Reason::from_str_name(&format!("REASON_{text_value}")).ok_or("no such reason")?)
            }
            "fingerprint" => send.fingerprint(text_value),
            "attributes" => send.attributes(texts(value)),
            "coordinates" => texts(value)
                .into_iter()
                .fold(send, |send, (name, value)| send.coordinate(name, value)),
            "delay_ms" => send.delay(time),
            "due_time_ms" => send.due_time(UNIX_EPOCH + time),
            "ttl_ms" => send.ttl(time),
            "timeout_ms" => send.timeout(time),
            "max_retries" => {
                send.max_retries(value.as_u64().unwrap_or_default().try_into().unwrap_or_default())
            }
            "priority" => send.priority(value.as_i64().unwrap_or_default().try_into().unwrap_or_default()),
            "trace_context" => send.trace_context(
                value["traceparent"].as_str().unwrap_or_default(),
                value["tracestate"].as_str().unwrap_or_default(),
            ),
            "retry_policy" => send.retry_policy(policy(value)?),
            other => return Err(format!("unknown option: {other}")),
        };
    }
    Ok(send)
}

fn texts(value: &Value) -> Vec<(String, String)> {
    let all = value.as_object().into_iter().flatten();
    all.map(|(name, value)| (name.clone(), text(value).unwrap_or_default()))
        .collect()
}

fn policy(given: &Value) -> Result<RetryPolicy, String> {
    let mut policy = RetryPolicy::new();
    for (name, value) in given.as_object().into_iter().flatten() {
        let time = ms(value).unwrap_or_default();
        let named = |prefix: &str| format!("{prefix}_{}", value.as_str().unwrap_or_default().to_uppercase());
        policy = match name.as_str() {
            "preset" => RetryPolicy::preset(value.as_str().unwrap_or_default()),
            "max_retries" => {
                policy.max_retries(value.as_u64().unwrap_or_default().try_into().unwrap_or_default())
            }
            "initial_delay_ms" => policy.initial_delay(time),
            "max_delay_ms" => policy.max_delay(time),
            "multiplier" => policy.multiplier(value.as_f64().unwrap_or_default()),
            "jitter" => policy.jitter(Jitter::from_str_name(&named("JITTER")).ok_or("no such jitter")?),
            "backoff" => policy.backoff(Backoff::from_str_name(&named("BACKOFF")).ok_or("no such backoff")?),
            other => return Err(format!("unknown option of retry_policy: {other}")),
        };
    }
    Ok(policy)
}
