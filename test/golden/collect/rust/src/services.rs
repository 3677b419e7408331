//! gRPC.

use super::failing::{Failing, Outcome, case};
use super::peers::url;
use std::time::Duration;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Endpoint;
use tonic_prost::ProstCodec;

async fn by_tonic(peer: &'static str, what: &'static str) -> Outcome {
    let channel = Endpoint::from_shared(url(peer, ""))?.connect().await?;
    call(tonic::client::Grpc::new(channel), what).await
}

async fn lazily(peer: &'static str, what: &'static str) -> Outcome {
    let endpoint = Endpoint::from_shared(url(peer, ""))?.timeout(Duration::from_millis(200));
    call(tonic::client::Grpc::new(endpoint.connect_lazy()), what).await
}

async fn call(mut client: tonic::client::Grpc<tonic::transport::Channel>, what: &str) -> Outcome {
    client.ready().await?;
    let path: PathAndQuery = format!("/golden.Fail/{what}").parse()?;
    let codec = ProstCodec::<(), ()>::default();
    client.unary(tonic::Request::new(()), path, codec).await?;
    Ok(())
}

pub fn cases() -> Vec<Failing> {
    let tonic = |name: &str, reason, act| case(format!("tonic: {name}"), "tonic", reason, act);
    let mut all: Vec<_> = [
        ("2", "UNKNOWN_ERROR"),
        ("3", "VALIDATION_FAILED"),
        ("5", "UNKNOWN_ERROR"),
        ("7", "AUTHENTICATION_ERROR"),
        ("8", "RESOURCE_EXHAUSTED"),
        ("12", "EXECUTION_FAILED"),
        ("13", "EXECUTION_FAILED"),
        ("14", "NETWORK_ERROR"),
        ("16", "AUTHENTICATION_ERROR"),
        ("http503", "NETWORK_ERROR"),
    ]
    .map(|(what, reason)| tonic(what, reason, by_tonic("grpc", what)))
    .into();
    all.push(case(
        "tonic: refused",
        "tonic",
        "NETWORK_ERROR",
        by_tonic("closed", "0"),
    ));
    all.push(case(
        "tonic: refused when called",
        "tonic",
        "NETWORK_ERROR",
        lazily("closed", "0"),
    ));
    all.push(case(
        "tonic: too slow",
        "tonic",
        "TIMEOUT",
        lazily("grpc", "hang"),
    ));
    all
}
