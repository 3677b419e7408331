//! Handlers that wait for the command that ends them.

use crate::given_error::given_error;
use crate::json_values::{delivery_json, result_of, settled_json};
use crate::options::ms;
use crate::write_line;
use dlq_client::{BoxError, Client, Delivery, Outcome, Settled};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::oneshot;

type Reply = oneshot::Sender<Value>;

#[derive(Default)]
pub struct Handlers {
    inboxes: Mutex<HashMap<String, oneshot::Sender<(Value, Reply)>>>,
    keys: Mutex<Vec<(Delivery, String)>>,
    last_key: AtomicU64,
}

/// Writes an event if a handler is dropped before it ends.
struct Cancelled<'a> {
    worker: &'a str,
    key: &'a str,
    has_ended: bool,
}

impl Drop for Cancelled<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            write_line(&json!({ "event": "cancelled", "worker": self.worker, "key": self.key }));
        }
    }
}

impl Handlers {
    pub async fn handle(
        &self,
        worker: &str,
        client: &Client,
        delivery: Delivery,
    ) -> Result<Option<Outcome>, BoxError> {
        let key = format!(
            "{}-{}",
            std::process::id(),
            self.last_key.fetch_add(1, Ordering::Relaxed)
        );
        let (inbox, finish) = oneshot::channel();
        self.inboxes.lock().unwrap().insert(key.clone(), inbox);
        self.keys.lock().unwrap().push((delivery.clone(), key.clone()));
        let mut event = delivery_json(&delivery);
        event["worker"] = worker.into();
        event["key"] = key.as_str().into();
        let mut cancelled = Cancelled {
            worker,
            key: &key,
            has_ended: false,
        };
        write_line(&event);
        let (fields, reply) = finish.await?;
        cancelled.has_ended = true;
        let (outcome, result) = end(&fields, client, &delivery).await;
        let _ = reply.send(result);
        outcome
    }

    pub async fn finish(&self, fields: &Value) -> Result<Value, BoxError> {
        let key = fields["key"].as_str().unwrap_or_default();
        let inbox = self
            .inboxes
            .lock()
            .unwrap()
            .remove(key)
            .ok_or("no such delivery is waiting")?;
        let (reply, result) = oneshot::channel();
        inbox
            .send((fields.clone(), reply))
            .map_err(|_| "its handler was dropped")?;
        Ok(result.await?)
    }

    pub fn settled(&self, delivery: &Delivery, settled: &Settled) {
        let mut keys = self.keys.lock().unwrap();
        let at = keys.iter().position(|(one, _)| one == delivery);
        let key = at.map(|at| keys.swap_remove(at).1).unwrap_or_default();
        let mut event = settled_json(settled);
        event["key"] = key.into();
        write_line(&event);
    }
}

/// Returns the handler's result and the command's reply.
async fn end(
    fields: &Value,
    client: &Client,
    delivery: &Delivery,
) -> (Result<Option<Outcome>, BoxError>, Value) {
    let note = fields["note"].as_str().unwrap_or_default();
    let error = || given_error(&fields["error"]);
    let how = fields["how"].as_str().unwrap_or_default();
    let outcome = match how {
        "return" => Ok(None),
        "throw" => Err(error()),
        "fail" => {
            let mut outcome = Outcome::failed(&*error());
            if let Some(wait) = ms(&fields["retry_after_ms"]) {
                outcome = outcome.retry_after(wait);
            }
            if fields["non_retryable"] == Value::Bool(true) {
                outcome = outcome.non_retryable();
            }
            if let Some(fingerprint) = fields["fingerprint"].as_str() {
                outcome = outcome.fingerprint(fingerprint);
            }
            Ok(Some(outcome))
        }
        "release" => Ok(Some(
            ms(&fields["delay_ms"]).map_or_else(Outcome::released, Outcome::released_for),
        )),
        "quarantine" => Ok(Some(Outcome::quarantined(note))),
        "discard" => Ok(Some(Outcome::discarded(note))),
        "send" | "send-succeed" => {
            let queue = fields["queue"].as_str().unwrap_or(delivery.queue());
            let mut send = client.send(queue, delivery.payload(), &*error());
            if !delivery.source_id().is_empty() {
                send = send.source_id(delivery.source_id());
            }
            if let Some(fingerprint) = fields["fingerprint"].as_str() {
                send = send.fingerprint(fingerprint);
            }
            let sent = send.await;
            let outcome = (how == "send-succeed").then(Outcome::succeeded);
            return (Ok(outcome), result_of(sent));
        }
        other => Err(format!("unknown value of how: {other}").into()),
    };
    (outcome, json!({}))
}
