//! Tests of the client with a real server or the fake.

mod batches;
mod close;
mod closing_callbacks;
mod error_messages;
mod fake;
mod fake_events;
mod forwardings;
mod full_queue;
mod http_layer;
mod layers;
mod log_lines;
mod middleware;
mod options;
mod outcomes;
mod own_message;
mod send;
mod sending_callbacks;
mod spool_warnings;
mod standard_error;
mod status;
mod stopping;
#[cfg(feature = "tls")]
mod tls;
mod unknown_server;
mod user_code_panics;
mod work;

use dlq_client::Client;
use dlq_client::testing::LocalServer;
use std::io;
use std::sync::{Arc, Mutex, Weak};

/// Returns a server shared by the running tests, each with its own queues. The last test stops it.
fn server() -> Arc<LocalServer> {
    static SHARED: Mutex<Weak<LocalServer>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap();
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(LocalServer::start().expect("a server"));
        *shared = Arc::downgrade(&server);
        server
    })
}

fn client_of(server: &LocalServer) -> Client {
    Client::builder(server.target())
        .without_spool()
        .build()
        .expect("a client")
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "bank is slow")
}
