//! Errors of gRPC calls.

use super::peers::address;
use super::{Case, Outcome, case};
use http::uri::PathAndQuery;
use std::time::Duration;
use tonic::Request;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic_prost::ProstCodec;

fn endpoint(peer: &str) -> Result<Endpoint, tonic::transport::Error> {
    Endpoint::from_shared(format!("http://{}", address(peer)))
}

async fn connected(peer: &str, what: &str) -> Outcome {
    let channel = endpoint(peer)?.connect().await?;
    call(Grpc::new(channel), what).await
}

async fn lazily(peer: &str, what: &str) -> Outcome {
    let endpoint = endpoint(peer)?.timeout(Duration::from_millis(200));
    call(Grpc::new(endpoint.connect_lazy()), what).await
}

async fn call(mut client: Grpc<Channel>, what: &str) -> Outcome {
    client.ready().await?;
    let path: PathAndQuery = format!("/golden.Fail/{what}").parse()?;
    let codec = ProstCodec::<(), ()>::default();
    client.unary(Request::new(()), path, codec).await?;
    Ok(())
}

/// The codes that the test server returns.
const ANSWERS: [&str; 9] = ["2", "3", "5", "7", "8", "12", "13", "14", "16"];

pub fn cases() -> Vec<Case> {
    let answered = ANSWERS.map(|what| case(format!("tonic: {what}"), connected("grpc", what)));
    let others = [
        case("tonic: refused", connected("closed", "0")),
        case("tonic: refused when called", lazily("closed", "0")),
        case("tonic: too slow", lazily("grpc", "hang")),
    ];
    answered.into_iter().chain(others).collect()
}
