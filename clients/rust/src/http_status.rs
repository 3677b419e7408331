//! HTTP errors of an unknown server, such as a proxy.

use tonic::body::Body;
use tonic::codegen::http::{Response, StatusCode};
use tonic::{Code, Status};

/// Fails if the response is an HTTP error without a gRPC status. tonic would decode its body as a message.
pub(crate) fn require_grpc(response: Response<Body>) -> Result<Response<Body>, Status> {
    let status = response.status();
    if status == StatusCode::OK || response.headers().contains_key("grpc-status") {
        return Ok(response);
    }
    let message = format!("the answer is not gRPC, but HTTP status {status}");
    Err(Status::new(code_of(status), message))
}

/// Maps codes as in gRPC's "HTTP to gRPC Status Code Mapping".
fn code_of(status: StatusCode) -> Code {
    match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502..=504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response
    }

    #[test]
    fn an_http_error_becomes_a_grpc_code() {
        for (http, code) in [
            (400, Code::Internal),
            (401, Code::Unauthenticated),
            (403, Code::PermissionDenied),
            (404, Code::Unimplemented),
            (429, Code::Unavailable),
            (500, Code::Unknown),
            (503, Code::Unavailable),
        ] {
            assert_eq!(require_grpc(answer(http)).unwrap_err().code(), code, "{http}");
        }
    }

    #[test]
    fn a_grpc_response_is_not_changed() {
        assert!(require_grpc(answer(200)).is_ok());
        let mut response = answer(415);
        response.headers_mut().insert("grpc-status", "3".parse().unwrap());
        assert!(require_grpc(response).is_ok());
    }
}
