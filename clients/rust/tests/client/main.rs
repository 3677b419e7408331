//! The client on a real server.

mod close;
mod fake;
mod foreign_code;
mod full_queue;
mod layers;
mod misrouted;
mod named_failures;
mod options;
mod send;
#[cfg(feature = "tls")]
mod tls;
mod waiting;
mod work;

use dlq_client::Client;
use dlq_client::testing::LocalServer;
use std::io;
use std::sync::{Arc, Mutex, Weak};

/// One for the tests that run at present, each of which has a queue of its own; removed with the last.
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
