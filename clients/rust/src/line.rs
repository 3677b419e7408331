//! The connection of sends and outcomes.

use crate::call_error::is_silent;
use crate::connection::{Authorized, Connection, Connector, of_panic, within};
use crate::panics::guarded;
use crate::v1::dlq_service_client::DlqServiceClient;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tonic::{Response, Status};

/// A younger one stays: deadlines too short for a busy server must not cost it a handshake each.
const LEAST_AGE: Duration = Duration::from_secs(1);

/// The connection of sends and outcomes. When a call on it is not answered in time it is replaced: a
/// peer that vanished without a word is otherwise found by pings only, long after the deadlines. Calls
/// of before go on, on their own handle of it.
pub(crate) struct Line {
    connector: Connector,
    /// Of the client: that of a call, such as a worker's, may end sooner.
    runtime: Handle,
    current: Mutex<Current>,
}

struct Current {
    connection: Connection,
    made_at: Instant,
    number: u64,
}

impl Line {
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

    /// Makes a call on it, and minds how it ended.
    pub(crate) async fn call<T, F>(
        &self,
        limit: Duration,
        call: impl FnOnce(DlqServiceClient<Authorized>) -> F,
    ) -> Result<T, Status>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let (service, number) = {
            let current = self.current.lock().unwrap();
            (current.connection.service(), current.number)
        };
        // A layer of the user's may panic: then this try has failed, and no task of ours has ended.
        let result = guarded(within(limit, Box::pin(call(service))))
            .await
            .unwrap_or_else(|_| Err(of_panic()));
        if let Err(status) = &result {
            self.failed(number, status);
        }
        result
    }

    fn failed(&self, number: u64, status: &Status) {
        if !is_silent(status) {
            return;
        }
        let mut current = self.current.lock().unwrap();
        if current.number == number && current.made_at.elapsed() >= LEAST_AGE {
            let _within = self.runtime.enter();
            let Ok(connection) = catch_unwind(AssertUnwindSafe(|| self.connector.connect())) else {
                return; // a layer of the user's; the old one may do
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

    /// As of a worker that was started in a runtime of its own.
    #[test]
    fn outlives_a_runtime_that_was_lent_to_a_call() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = format!("http://{}", silent.local_addr().unwrap());
        let target = Target::new(
            &target,
            #[cfg(feature = "tls")]
            None,
        );
        let connector = Connector::new(&target.unwrap(), None, None).unwrap();
        let (own, lent) = (Runtime::new().unwrap(), Runtime::new().unwrap());
        let line = own.block_on(async { Line::new(connector) });
        let call = || {
            line.call(Duration::from_millis(50), |mut service| async move {
                service.stats(StatsRequest::default()).await
            })
        };
        line.current.lock().unwrap().made_at = Instant::now() - LEAST_AGE;
        assert!(is_silent(&lent.block_on(call()).unwrap_err()));
        assert_eq!(line.current.lock().unwrap().number, 1);
        drop(lent);
        let status = own.block_on(call()).unwrap_err();
        assert!(is_silent(&status), "{status}");
    }
}
