//! For tests: a fake of the service in the process, and the real server. Needs the feature `testing`.
//!
//! ```
//! use dlq_client::testing::FakeDlq;
//! # use std::io;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), dlq_client::Error> {
//! let fake = FakeDlq::new();
//! let client = fake.client()?;
//! let error = io::Error::other("no answer"); // here your own code would run
//! client.send("orders", "order-42", &error).await?;
//! assert_eq!(fake.messages("orders")[0].payload().text(), "order-42");
//! # Ok(()) }
//! ```
//!
//! ```no_run
//! use dlq_client::{Client, testing::LocalServer};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let server = LocalServer::start()?;
//! let client = Client::builder(server.target()).build()?;
//! # Ok(()) }
//! ```

mod fake_dlq;
mod fake_events;
mod fake_message;
mod fake_service;
mod fake_store;
mod local_server;

pub use fake_dlq::FakeDlq;
pub use fake_message::{FakeMessage, FakeState};
pub use local_server::LocalServer;
