//! The end of a client.

use crate::client::Client;
use crate::sent_by::SentBy;
use crate::spool::LAST_WRITES_TIMEOUT;
use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// How long a close waits for the spool while the service answers.
const MAX_REST_TIME: Duration = Duration::from_secs(2);
/// How long a close waits at least for the last sends of handlers.
const LAST_SENDS_TIMEOUT: Duration = Duration::from_millis(250);

impl Client {
    /// Stops the workers, ends the callbacks for sent messages, waits for pending sends, and moves the rest to the spool.
    /// If the service answers, it also waits for up to 2 s for the messages of the spool. Later sends fail with
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed). In `on_dropped` and log subscribers it returns at once, and the
    /// client closes in the background.
    pub async fn close(&self) {
        self.end_unless_in_callback(None).await;
    }

    /// Closes as [`close`](Client::close), but waits for handlers and sends for at most `timeout`. Aborting and
    /// reporting the rest takes a few seconds more.
    pub async fn close_within(&self, timeout: Duration) {
        self.end_unless_in_callback(Some(timeout)).await;
    }

    /// What an end waits for may itself wait for the callback.
    async fn end_unless_in_callback(&self, timeout: Option<Duration>) {
        if SentBy::current() == SentBy::Program {
            return self.end(timeout).await;
        }
        if !self.inner().is_closing.swap(true, Ordering::SeqCst) {
            let client = self.clone();
            self.inner()
                .runtime
                .spawn(async move { client.end(timeout).await });
        }
    }

    async fn end(&self, timeout: Option<Duration>) {
        let inner = self.inner();
        let began_at = Instant::now();
        inner.is_closing.store(true, Ordering::SeqCst);
        // They stay in the list: another close waits for them, too, and may have a shorter timeout.
        let workers: Vec<_> = inner
            .workers
            .lock()
            .unwrap()
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        for worker in &workers {
            worker.begin_stop(timeout);
        }
        for worker in workers {
            worker.ended().await;
        }
        // Before sends are refused: a callback may send.
        if let Some(outcomes) = &inner.outcomes {
            let left = timeout.map_or(Duration::MAX, |timeout| {
                timeout.saturating_sub(began_at.elapsed())
            });
            outcomes.close(left).await;
        }
        inner.metrics.state().is_closed.store(true, Ordering::SeqCst);
        match timeout {
            None => inner.sender.flush().await,
            Some(timeout) => {
                let left = timeout
                    .saturating_sub(began_at.elapsed())
                    .max(timeout.min(LAST_SENDS_TIMEOUT));
                if tokio::time::timeout(left, inner.sender.flush()).await.is_err() {
                    inner.sender.give_up();
                    let _ = tokio::time::timeout(LAST_WRITES_TIMEOUT, inner.sender.flush()).await;
                }
            }
        }
        if let Some(spool) = &inner.spool {
            let left = timeout.map_or(MAX_REST_TIME, |timeout| {
                timeout.saturating_sub(began_at.elapsed())
            });
            let reachability = &inner.metrics.state().reachability;
            spool.send_rest(reachability, left.min(MAX_REST_TIME)).await;
            spool.close().await;
        }
    }
}
