//! The connection for sends and outcomes, which is replaced when it does not answer.

use crate::call_error::is_timeout;
use crate::connection::{Connection, Connector, Transport, layer_panicked, with_timeout};
use crate::panics::{catch_async_panic, catch_panic};
use crate::v1::dlq_service_client::DlqServiceClient;
use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tonic::{Response, Status};

/// A younger connection stays: deadlines that are too short must not cost a busy server a handshake each.
const MIN_AGE: Duration = Duration::from_secs(1);

/// The connection for sends and outcomes. It is replaced when a call is not answered in time: pings would find
/// a dead peer only after the deadlines. Earlier calls continue on the old connection.
pub(crate) struct ReconnectingChannel {
    connector: Connector,
    /// The client's runtime. The runtime of a call, such as a worker's, may end earlier.
    runtime: Handle,
    current: Mutex<Current>,
}

struct Current {
    connection: Connection,
    made_at: Instant,
    number: u64,
}

impl ReconnectingChannel {
    pub(crate) fn new(connector: Connector) -> Self {
        let connection = connector.connect();
        Self {
            connector,
            runtime: Handle::current(),
            current: Mutex::new(Current {
                connection,
                made_at: Instant::now(),
                number: 0,
            }),
        }
    }

    /// Makes a call, for at most `timeout`.
    pub(crate) async fn call<T, F>(
        &self,
        timeout: Duration,
        call: impl FnOnce(DlqServiceClient<Transport>) -> F,
    ) -> Result<T, Status>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let (service, number) = {
            let current = self.current.lock().unwrap();
            (current.connection.service(), current.number)
        };
        // A user's layer may panic: then only this try fails.
        let result = catch_async_panic(with_timeout(timeout, Box::pin(call(service))))
            .await
            .unwrap_or_else(|_| Err(layer_panicked()));
        if let Err(status) = &result {
            self.replace_after(number, status);
        }
        result
    }

    fn replace_after(&self, number: u64, status: &Status) {
        if !is_timeout(status) {
            return;
        }
        let mut current = self.current.lock().unwrap();
        if current.number == number && current.made_at.elapsed() >= MIN_AGE {
            let _entered = self.runtime.enter();
            let Some(connection) = catch_panic(|| self.connector.connect()) else {
                return; // a user's layer panicked: keep the old connection
            };
            *current = Current {
                connection,
                made_at: Instant::now(),
                number: number + 1,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Target;
    use crate::v1::StatsRequest;
    use std::net::TcpListener;
    use tokio::runtime::Runtime;

    /// A worker may be started in another runtime than the client.
    #[test]
    fn it_survives_the_end_of_a_calls_runtime() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = format!("http://{}", silent.local_addr().unwrap());
        let target = Target::new(
            &target,
            #[cfg(feature = "tls")]
            None,
        );
        let connector = Connector::new(&target.unwrap(), None, None).unwrap();
        let (own, other) = (Runtime::new().unwrap(), Runtime::new().unwrap());
        let channel = own.block_on(async { ReconnectingChannel::new(connector) });
        let call = || {
            channel.call(Duration::from_millis(50), |mut service| async move {
                service.stats(StatsRequest::default()).await
            })
        };
        channel.current.lock().unwrap().made_at = Instant::now() - MIN_AGE;
        assert!(is_timeout(&other.block_on(call()).unwrap_err()));
        assert_eq!(channel.current.lock().unwrap().number, 1);
        drop(other);
        let status = own.block_on(call()).unwrap_err();
        assert!(is_timeout(&status), "{status}");
    }
}
