//! Client of the DLQ service: send messages that could not be processed, and process them again when they are
//! due.
//!
//! ```no_run
//! # async fn charge(_order: &str) -> Result<(), std::io::Error> { Ok(()) }
//! # async fn example(order: &str) -> Result<(), dlq_client::Error> {
//! use dlq_client::Client;
//!
//! let client = Client::builder("http://127.0.0.1:50051").service("shop").build()?;
//! if let Err(error) = charge(order).await {
//!     client.send("orders", order, &error).source_id("order-42").await?;
//! }
//! # Ok(()) }
//! ```
//!
//! A worker gets each message when it is due. The result of its handler is the outcome:
//!
//! ```no_run
//! # use dlq_client::{Client, Delivery};
//! # async fn charge(_order: &str) -> Result<(), std::io::Error> { Ok(()) }
//! # async fn example(client: Client) -> Result<(), dlq_client::Error> {
//! let worker = client.worker(["orders"]).run(|delivery: Delivery| async move {
//!     charge(&delivery.payload().text()).await
//! })?;
//! # worker.stop().await;
//! # Ok(()) }
//! ```

mod backoff;
mod bounded_text;
mod builder;
mod call_error;
mod cause_chain;
mod client;
mod client_metrics;
mod closing;
mod connection;
mod dead_letter;
mod error;
mod error_type;
mod failure;
mod http_status;
mod layer;
mod log;
mod once_a_minute;
mod options;
mod outcomes;
mod panics;
mod payload;
mod receipt;
mod reconnecting_channel;
mod retry_policy;
mod send;
mod sent_by;
mod spool;
mod status;
mod status_details;
mod stubs;
mod target;
mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
mod token;
mod trace_context;
mod wire_time;
mod worker;

pub use builder::ClientBuilder;
pub use cause_chain::AsError;
pub use client::{Client, Stubs};
pub use connection::Transport;
pub use error::{BoxError, Error, ErrorKind, NonRetryable, RetryAfter};
pub use layer::{
    BoxedError, DeadLetter, DeadLetterLayer, HttpDeadLetter, HttpDeadLetterLayer, PlainError, RecordedBody,
    ServiceError,
};
#[cfg(feature = "tls")]
pub use options::TlsOptions;
pub use options::{Coalesce, SpoolOptions};
pub use outcomes::OutcomeEvent;
pub use payload::{IntoPayload, Json, Payload};
pub use receipt::{Receipt, Stored};
pub use retry_policy::RetryPolicy;
pub use send::request::SendRequest;
pub use send::sending::Sending;
pub use status::{ClientStatus, SendCounts, SpoolUsage};
pub use status_details::StatusDetails;
pub use stubs::dlq::v1;
pub use stubs::dlq::v1::{
    Backoff, DayOfWeek, Failure, Jitter, MessageState, Origin, QuarantineReason, Reason, RetryWindow,
    TraceContext,
};
pub use worker::Worker;
pub use worker::delivery::Delivery;
pub use worker::middleware::{HandlerError, HandlerResult, Next};
pub use worker::options::{Settled, WorkerBuilder};
pub use worker::outcome::{Outcome, OutcomeKind};
pub use worker::results::{IntoOutcome, IntoOutcomes};
pub use worker::stream::{Deliveries, HeldDelivery};

/// Tests the README's examples.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;
