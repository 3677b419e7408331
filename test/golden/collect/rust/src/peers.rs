//! Ports of the peers on 127.0.0.1.

pub fn port(peer: &str) -> u16 {
    std::env::var(format!("GOLDEN_{}", peer.to_uppercase()))
        .unwrap()
        .parse()
        .unwrap()
}

pub fn address(peer: &str) -> String {
    format!("127.0.0.1:{}", port(peer))
}

pub fn url(peer: &str, path: &str) -> String {
    format!("http://{}{path}", address(peer))
}
