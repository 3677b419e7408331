//! Follows the sent messages of one queue.

use crate::backoff::Backoff;
use crate::connection::layer_panicked;
use crate::outcomes::followed_messages::TYPES;
use crate::outcomes::watches::OutcomeWatches;
use crate::panics::catch_async_panic;
use crate::v1::{WatchEventsRequest, WatchEventsResponse};
use crate::wire_time::timestamp_to_wire;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tonic::{Code, Status, Streaming};

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// The first response comes at once.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

/// Follows the sent messages of a queue by `WatchEvents`, and calls the callbacks one after the other.
pub(super) struct OutcomeWatch {
    watches: Arc<OutcomeWatches>,
    queue: String,
    resume_token: String,
    has_more: Arc<Notify>,
    backoff: Backoff,
}

impl OutcomeWatch {
    pub(super) fn new(watches: Arc<OutcomeWatches>, queue: String, has_more: Arc<Notify>) -> Self {
        Self {
            watches,
            queue,
            resume_token: String::new(),
            has_more,
            backoff: Backoff::new(FIRST_PAUSE, MAX_PAUSE),
        }
    }

    /// Runs until the queue has had no message to follow for 60 s, or the client is closed.
    pub(super) async fn run(mut self) {
        let end = self.watches.end.clone();
        while !end.is_cancelled() && self.idle_check().is_some() {
            let result = tokio::select! {
                result = catch_async_panic(self.open()) => result.unwrap_or_else(|_| Err(layer_panicked())),
                () = end.cancelled() => return,
            };
            let status = match result {
                Ok(stream) => match catch_async_panic(self.read(stream)).await {
                    Ok(Ok(())) => return,
                    Ok(Err(status)) => status,
                    Err(_) => layer_panicked(),
                },
                Err(status) => status,
            };
            if status.code() == Code::InvalidArgument {
                self.resume_token.clear(); // of another version of the server
            }
            self.watches.reports.broken(&self.queue, &status);
            tokio::select! {
                () = tokio::time::sleep(self.backoff.next()) => {}
                () = end.cancelled() => return,
            }
        }
    }

    /// Opens a stream on its own connection: events that wait for a callback must not hold up other calls.
    async fn open(&mut self) -> Result<Streaming<WatchEventsResponse>, Status> {
        let request = WatchEventsRequest {
            queues: vec![self.queue.clone()],
            types: TYPES.map(Into::into).to_vec(),
            resume_token: self.resume_token.clone(),
            start_time: Some(timestamp_to_wire(self.watches.since(&self.queue))),
            ..WatchEventsRequest::default()
        };
        let mut service = self.watches.connector.connect().service();
        let opened = async {
            let mut stream = service.watch_events(request).await?.into_inner();
            let first = stream.message().await?.ok_or_else(ended)?;
            Ok((stream, first))
        };
        let (stream, first) = tokio::time::timeout(OPEN_TIMEOUT, opened)
            .await
            .unwrap_or_else(|_| Err(Status::unavailable("the server did not answer in time")))?;
        self.backoff.reset();
        self.received(first);
        Ok(stream)
    }

    /// Calls the callbacks for the events of a stream. Returns `Ok` when the watch ends.
    async fn read(&mut self, mut stream: Streaming<WatchEventsResponse>) -> Result<(), Status> {
        let end = self.watches.end.clone();
        loop {
            self.watches.call_back(&self.queue).await;
            let Some(check_at) = self.idle_check() else {
                return Ok(());
            };
            tokio::select! {
                response = stream.message() => self.received(response?.ok_or_else(ended)?),
                () = self.has_more.notified() => {}
                () = tokio::time::sleep_until(check_at) => {}
                () = end.cancelled() => return Ok(()),
            }
        }
    }

    fn received(&mut self, response: WatchEventsResponse) {
        if let Some(gap) = &response.gap {
            self.watches.reports.gap(&self.queue, gap);
        }
        self.watches.receive(&self.queue, response.events);
        if !response.resume_token.is_empty() {
            self.resume_token = response.resume_token;
        }
    }

    /// Returns when to check again, or `None` if the watch has ended.
    fn idle_check(&self) -> Option<Instant> {
        self.watches.end_if_idle(&self.queue)
    }
}

fn ended() -> Status {
    Status::unavailable("the server ended the stream")
}
