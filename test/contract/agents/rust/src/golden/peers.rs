//! The addresses of the failing servers that the test started.

pub fn address(peer: &str) -> String {
    let name = format!("GOLDEN_{}", peer.to_uppercase());
    let port = std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set"));
    format!("127.0.0.1:{port}")
}
