//! Handlers that wait until a command says how they end.

use crate::given_error::given_error;
use crate::options::ms;
use crate::tell;
use crate::words::{delivery_words, result_of, settled_words};
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
    last: AtomicU64,
}

/// Says that a handler was dropped before it ended.
struct Cancelled<'a> {
    worker: &'a str,
    key: &'a str,
    is_over: bool,
}

impl Drop for Cancelled<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            tell(&json!({ "event": "cancelled", "worker": self.worker, "key": self.key }));
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
            self.last.fetch_add(1, Ordering::Relaxed)
        );
        let (inbox, finish) = oneshot::channel();
        self.inboxes.lock().unwrap().insert(key.clone(), inbox);
        self.keys.lock().unwrap().push((delivery.clone(), key.clone()));
        let mut words = delivery_words(&delivery);
        words["worker"] = worker.into();
        words["key"] = key.as_str().into();
        let mut cancelled = Cancelled {
            worker,
            key: &key,
            is_over: false,
        };
        tell(&words);
        let (fields, reply) = finish.await?;
        cancelled.is_over = true;
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
            .ok_or("no such delivery waits")?;
        let (reply, result) = oneshot::channel();
        inbox
            .send((fields.clone(), reply))
            .map_err(|_| "its handler is gone")?;
        Ok(result.await?)
    }

    pub fn settled(&self, delivery: &Delivery, settled: &Settled) {
        let mut keys = self.keys.lock().unwrap();
        let at = keys.iter().position(|(one, _)| one == delivery);
        let key = at.map(|at| keys.swap_remove(at).1).unwrap_or_default();
        let mut words = settled_words(settled);
        words["key"] = key.into();
        tell(&words);
    }
}

/// What the handler gives, and what the command is answered.
async fn end(
    fields: &Value,
    client: &Client,
    delivery: &Delivery,
) -> (Result<Option<Outcome>, BoxError>, Value) {
    let note = fields["note"].as_str().unwrap_or_default();
    let error = || given_error(&fields["error"]);
    let outcome = match fields["how"].as_str().unwrap_or_default() {
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
            Ok(Some(outcome))
        }
        "release" => Ok(Some(
            ms(&fields["delay_ms"]).map_or_else(Outcome::released, Outcome::released_for),
        )),
        "quarantine" => Ok(Some(Outcome::quarantined(note))),
        "discard" => Ok(Some(Outcome::discarded(note))),
        "send" => {
            let mut send = client.send(delivery.queue(), delivery.payload(), &*error());
            if !delivery.source_id().is_empty() {
                send = send.source_id(delivery.source_id());
            }
            let sent = send.await;
            return (Ok(None), result_of(sent));
        }
        other => Err(format!("unknown: how {other}").into()),
    };
    (outcome, json!({}))
}
