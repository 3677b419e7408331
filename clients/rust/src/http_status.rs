//! Answers of what does not speak gRPC, such as a proxy in the service's place.

use tonic::body::Body;
use tonic::codegen::http::{Response, StatusCode};
use tonic::{Code, Status};

/// Fails where an HTTP status is all that there is: its body is no message, and tonic would read it as
/// one.
pub(crate) fn of_grpc(response: Response<Body>) -> Result<Response<Body>, Status> {
    let status = response.status();
    if status == StatusCode::OK || response.headers().contains_key("grpc-status") {
        return Ok(response);
    }
    let words = format!("the answer is not gRPC, but HTTP status {status}");
    Err(Status::new(code_of(status), words))
}

/// As gRPC's "HTTP to gRPC Status Code Mapping" has it.
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
    fn a_proxys_status_is_one_of_grpc() {
        for (http, code) in [
            (400, Code::Internal),
            (401, Code::Unauthenticated),
            (403, Code::PermissionDenied),
            (404, Code::Unimplemented),
            (429, Code::Unavailable),
            (500, Code::Unknown),
            (503, Code::Unavailable),
        ] {
            assert_eq!(of_grpc(answer(http)).unwrap_err().code(), code, "{http}");
        }
    }

    #[test]
    fn what_speaks_grpc_is_left_alone() {
        assert!(of_grpc(answer(200)).is_ok());
        let mut response = answer(415);
        response.headers_mut().insert("grpc-status", "3".parse().unwrap());
        assert!(of_grpc(response).is_ok());
    }
}
