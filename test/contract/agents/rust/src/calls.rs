//! Calls by the generated client, and their errors.

use crate::options::ms;
use dlq_client::v1::send_to_dlq_batch_result::Outcome;
use dlq_client::v1::{self, SendToDlqBatchResponse};
use dlq_client::{BoxError, Client, StatusDetails};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, SerializeOptions};
use serde_json::{Value, json};
use std::sync::LazyLock;
use tonic::{Code, Status};

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(&include_bytes!("../../../../../gen/descriptors.binpb")[..]).expect("descriptors")
});

pub async fn call(client: &Client, fields: &Value) -> Result<Value, BoxError> {
    let service = POOL
        .get_service_by_name("dlq.v1.DlqService")
        .ok_or("no such service")?;
    let name = fields["method"].as_str().unwrap_or_default();
    let method = service
        .methods()
        .find(|method| method.name() == name)
        .ok_or("no such method")?;
    let given = fields.get("request").cloned().unwrap_or_else(|| json!({}));
    let request = DynamicMessage::deserialize(method.input(), given)?.encode_to_vec();
    let call = unary(client, name, &request);
    let result = tokio::select! {
        result = call => result,
        () = after(&fields["timeout_ms"]) => Err(Status::deadline_exceeded("no answer in time")),
        () = after(&fields["cancel_after_ms"]) => Err(Status::cancelled("")),
    };
    match result {
        Ok(response) => Ok(json!({ "code": "OK", "response": to_json(&method, &response)? })),
        Err(status) => Ok(error_json(&status)),
    }
}

async fn after(limit: &Value) {
    match ms(limit) {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

async fn unary(client: &Client, name: &str, request: &[u8]) -> Result<Vec<u8>, Status> {
    let mut stubs = client.stubs();
    macro_rules! by {
        ($method:ident, $request:ty) => {{
            let request = <$request>::decode(request).map_err(|error| Status::internal(error.to_string()))?;
            stubs.$method(request).await?.into_inner()
        }};
    }
    Ok(match name {
        "SendToDlq" => by!(send_to_dlq, v1::SendToDlqRequest).encode_to_vec(),
        "SendToDlqBatch" => {
            without_details(by!(send_to_dlq_batch, v1::SendToDlqBatchRequest)).encode_to_vec()
        }
        "Ack" => by!(ack, v1::AckRequest).encode_to_vec(),
        "ExtendLease" => by!(extend_lease, v1::ExtendLeaseRequest).encode_to_vec(),
        "Retry" => by!(retry, v1::RetryRequest).encode_to_vec(),
        "Stats" => by!(stats, v1::StatsRequest).encode_to_vec(),
        _ => return Err(Status::internal(format!("unknown unary method: {name}"))),
    })
}

/// Removes error details: their types are not in the descriptors, which JSON needs.
fn without_details(mut response: SendToDlqBatchResponse) -> SendToDlqBatchResponse {
    for result in &mut response.results {
        if let Some(Outcome::Error(error)) = &mut result.outcome {
            error.details.clear();
        }
    }
    response
}

fn to_json(method: &MethodDescriptor, response: &[u8]) -> Result<Value, BoxError> {
    let message = DynamicMessage::decode(method.output(), response)?;
    let options = SerializeOptions::new().use_proto_field_name(true);
    Ok(message.serialize_with_options(serde_json::value::Serializer, &options)?)
}

fn error_json(status: &Status) -> Value {
    let details = StatusDetails::of(status);
    let mut error = json!({
        "code": name_of(status.code()),
        "message": status.message(),
        "field_violations": details.field_violations,
    });
    if !details.reason.is_empty() {
        error["reason"] = details.reason.into();
        error["domain"] = details.domain.into();
    }
    if let Some(Some(wait)) = details.retry {
        error["retry_after_ms"] = (wait.as_secs_f64() * 1_000.0).into();
    }
    error
}

/// Returns gRPC's name of a code, e.g. `INVALID_ARGUMENT`.
pub fn name_of(code: Code) -> String {
    let mut name = String::new();
    for char in format!("{code:?}").chars() {
        if char.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(char.to_ascii_uppercase());
    }
    name
}
