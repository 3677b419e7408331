//! The options of coalescing, the spool and TLS.

use crate::error::Error;
use std::path::PathBuf;
use std::time::Duration;

const MIB: usize = 1024 * 1024;
// Limits of the server for one call.
const MAX_MESSAGES: usize = 1_000;
const MAX_BYTES: usize = 3 * MIB + MIB / 2;
/// A longer delay would only time out sends.
const MAX_DELAY: Duration = Duration::from_secs(60);

/// How concurrent sends share calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coalesce {
    /// How long a send waits for others while a call is under way. Otherwise it goes at once. Default 2 ms, at
    /// most a minute.
    pub max_delay: Duration,
    /// Messages of one call, 1 to 1,000. Default 100, so that many sends share several calls at a time.
    pub max_messages: usize,
    /// Bytes of one call, 1 to 3.5 MiB. Default 3 MiB.
    pub max_bytes: usize,
    /// Calls under way at a time. Default 4.
    pub max_calls: usize,
    /// Pending messages in memory. Further sends go to the spool at once, or are dropped. Default 10,000.
    pub max_pending_messages: usize,
    /// Bytes of pending messages. Default 64 MiB.
    pub max_pending_bytes: usize,
}

impl Default for Coalesce {
    fn default() -> Self {
        Self {
            max_delay: Duration::from_millis(2),
            max_messages: 100,
            max_bytes: 3 * MIB,
            max_calls: 4,
            max_pending_messages: 10_000,
            max_pending_bytes: 64 * MIB,
        }
    }
}

impl Coalesce {
    pub(crate) fn validated(self) -> Result<Self, Error> {
        let counts = [
            ("max_messages", self.max_messages, MAX_MESSAGES),
            ("max_bytes", self.max_bytes, MAX_BYTES),
            ("max_calls", self.max_calls, usize::MAX),
            ("max_pending_messages", self.max_pending_messages, usize::MAX),
            ("max_pending_bytes", self.max_pending_bytes, usize::MAX),
        ];
        for (name, count, most) in counts {
            if !(1..=most).contains(&count) {
                let to = if most == usize::MAX {
                    "or more".to_owned()
                } else {
                    format!("to {most}")
                };
                let message = format!("Coalesce::{name} is {count}; give 1 {to}");
                return Err(Error::invalid(message));
            }
        }
        if self.max_delay > MAX_DELAY {
            let message = format!(
                "Coalesce::max_delay is {:?}; give 0 to {MAX_DELAY:?}",
                self.max_delay
            );
            return Err(Error::invalid(message));
        }
        Ok(self)
    }
}

/// The spool: it stores messages that can't be sent in time and sends them later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolOptions {
    /// The folder. Default: `DLQ_SPOOL_DIR`, else the platform's folder for state.
    pub folder: Option<PathBuf>,
    /// The limit for all files of the service. Default 256 MiB.
    pub max_bytes: u64,
    /// Syncs each write to the disk before the send returns. Default false: writes survive a crash of the
    /// process, but not of the machine.
    pub sync: bool,
}

impl Default for SpoolOptions {
    fn default() -> Self {
        Self {
            folder: None,
            max_bytes: 256 * MIB as u64,
            sync: false,
        }
    }
}

/// TLS options, in PEM, of an `https:` target or of `host:port`.
#[cfg(feature = "tls")]
#[derive(Clone, Default)]
pub struct TlsOptions {
    /// Certificates to trust instead of the system's.
    pub ca: Option<Vec<u8>>,
    /// Certificate and key of this client, if the server requires one.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
    /// The name in the server's certificate. Default: the host of the target.
    pub server_name: Option<String>,
}

/// Leaves out the key, which must not be logged.
#[cfg(feature = "tls")]
impl std::fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsOptions")
            .field("has_ca", &self.ca.is_some())
            .field("has_identity", &self.identity.is_some())
            .field("server_name", &self.server_name)
            .finish()
    }
}
