//! The clients and workers of one process, by their names in commands.

use crate::calls::call;
use crate::given_error::given_error;
use crate::golden;
use crate::handlers::Handlers;
use crate::json_values::{error_json, outcome_json, payload_of, result_of};
use crate::options::{self, ms};
use crate::write_line;
use dlq_client::{BoxError, Client, ClientBuilder, Outcome, OutcomeEvent, Worker};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::future::IntoFuture;
use std::sync::{Arc, Mutex};

#[derive(Default)]
pub struct Session {
    clients: Arc<Mutex<HashMap<String, Client>>>,
    workers: Mutex<HashMap<String, Arc<Worker>>>,
    handlers: Arc<Handlers>,
}

impl Session {
    pub async fn run(&self, op: &str, fields: &Value) -> Result<Value, BoxError> {
        match op {
            "open" => self.open(fields)?,
            "send" => return self.send(fields).await,
            "worker" => self.work(fields)?,
            "finish" => return self.handlers.finish(fields).await,
            "stop" => {
                let name = fields["worker"].as_str().unwrap_or_default();
                let worker = self
                    .workers
                    .lock()
                    .unwrap()
                    .get(name)
                    .cloned()
                    .ok_or("no such worker")?;
                match ms(&fields["timeout_ms"]) {
                    Some(timeout) => worker.stop_within(timeout).await,
                    None => worker.stop().await,
                }
            }
            "flush" => self.client(fields)?.flush().await,
            "close" => {
                let client = self.client(fields)?;
                match ms(&fields["timeout_ms"]) {
                    Some(timeout) => client.close_within(timeout).await,
                    None => client.close().await,
                }
            }
            "cases" => return Ok(json!({ "names": golden::names() })),
            "fail" => return self.fail(fields).await,
            "call" => return call(&self.client(fields)?, fields).await,
            _ => return Err(format!("unknown command: {op}").into()),
        }
        Ok(json!({}))
    }

    fn client(&self, fields: &Value) -> Result<Client, BoxError> {
        let name = fields["client"].as_str().unwrap_or_default();
        self.clients
            .lock()
            .unwrap()
            .get(name)
            .cloned()
            .ok_or_else(|| "no such client".into())
    }

    fn open(&self, fields: &Value) -> Result<(), BoxError> {
        let name = fields["client"].as_str().unwrap_or_default().to_owned();
        let client_name = name.clone();
        let sends = fields["on_dropped"] == "send";
        let clients = Arc::clone(&self.clients);
        let mut builder = options::client(&fields["options"])?;
        if !fields["callbacks"].is_null() {
            builder = with_callbacks(builder, &name, fields["callbacks"] == "throw");
        }
        let client = builder
            .on_dropped(move |error, queue| {
                let kind = error.kind().as_str();
                write_line(
                    &json!({ "event": "dropped", "client": client_name, "queue": queue, "kind": kind }),
                );
                let client = clients.lock().unwrap().get(&client_name).cloned();
                if let Some(client) = client.filter(|_| sends) {
                    drop(client.send_request(queue, vec![0_u8; 60_000]).into_future());
                }
            })
            .build()?;
        self.clients.lock().unwrap().insert(name, client);
        Ok(())
    }

    async fn send(&self, fields: &Value) -> Result<Value, BoxError> {
        let client = self.client(fields)?;
        let queue = fields["queue"].as_str().unwrap_or_default();
        let mut send = client.send_request(queue, payload_of(&fields["payload"])?);
        if let Some(error) = fields.get("error").filter(|error| !error.is_null()) {
            send = send.error(&*given_error(error));
        }
        Ok(result_of(options::send(send, &fields["options"])?.await))
    }

    /// Sends the error of a case of the golden set.
    async fn fail(&self, fields: &Value) -> Result<Value, BoxError> {
        let client = self.client(fields)?;
        let queue = fields["queue"].as_str().unwrap_or_default();
        let thrown = golden::thrown(fields["case"].as_str().unwrap_or_default()).await?;
        let send = thrown.add_to(client.send_request(queue, payload_of(&fields["payload"])?));
        Ok(result_of(options::send(send, &fields["options"])?.await))
    }

    fn work(&self, fields: &Value) -> Result<(), BoxError> {
        let name = fields["worker"].as_str().unwrap_or_default().to_owned();
        let client = self.client(fields)?;
        let queues = fields["queues"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let count = |name: &str| fields[name].as_u64().and_then(|count| u32::try_from(count).ok());
        let mut builder = client.worker(queues);
        if let Some(concurrency) = count("concurrency") {
            builder = builder.concurrency(concurrency);
        }
        if let Some(prefetch) = count("prefetch") {
            builder = builder.prefetch(prefetch);
        }
        if let Some(bytes) = fields["max_in_flight_bytes"].as_u64() {
            builder = builder.max_in_flight_bytes(bytes);
        }
        if let Some(lease) = ms(&fields["lease_ms"]) {
            builder = builder.lease_duration(lease);
        }
        let (error_name, settled) = (name.clone(), Arc::clone(&self.handlers));
        let (handlers, handler_name) = (Arc::clone(&self.handlers), name.clone());
        let worker = builder
            .on_error(move |error, delivery| write_line(&error_json(&error_name, error, delivery)))
            .on_settled(move |delivery, result| settled.settled(delivery, result))
            .run(move |delivery| {
                let (handlers, client) = (Arc::clone(&handlers), client.clone());
                let name = handler_name.clone();
                async move {
                    let outcome = handlers.handle(&name, &client, delivery).await?;
                    Ok::<Option<Outcome>, BoxError>(outcome)
                }
            })?;
        self.workers.lock().unwrap().insert(name, Arc::new(worker));
        Ok(())
    }
}

/// Sets callbacks that write events, and then panic if they throw.
fn with_callbacks(builder: ClientBuilder, client: &str, throws: bool) -> ClientBuilder {
    let callback = |kind: &'static str| {
        let client = client.to_owned();
        move |event: OutcomeEvent| {
            write_line(&outcome_json(&client, kind, &event));
            async move { assert!(!throws, "the callback throws") }
        }
    };
    builder
        .on_succeeded(callback("succeeded"))
        .on_failed(callback("failed"))
        .on_quarantined(callback("quarantined"))
}
