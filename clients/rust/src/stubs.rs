//! The generated API.
#![allow(
    clippy::all,
    clippy::pedantic,
    missing_docs,
    rustdoc::broken_intra_doc_links,
    rustdoc::invalid_html_tags,
    unreachable_pub
)]

pub mod dlq {
    /// The generated API: messages, enums and clients of every RPC.
    pub mod v1 {
        include!("gen/dlq/v1/dlq.v1.rs");
    }
    pub(crate) mod spool {
        pub(crate) mod v1 {
            include!("gen/dlq/spool/v1/dlq.spool.v1.rs");
        }
    }
}

/// The generated server, for the fake.
#[cfg(feature = "testing")]
pub(crate) mod server {
    use super::dlq::v1::*;
    include!("gen/server/dlq/v1/dlq.v1.tonic.rs");
}
