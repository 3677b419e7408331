//! The calls of producers and workers, on the fake's store.

use crate::status_details::{refusal, to_error_status};
use crate::stubs::server::dlq_service_server::DlqService;
use crate::testing::fake_dlq::Shared;
use crate::testing::fake_events::watch;
use crate::testing::fake_message::{FakeMessage, FakeState, LEASE};
use crate::testing::fake_store::FakeStore;
use crate::v1::payload::Body;
use crate::v1::send_to_dlq_batch_result::Outcome as Part;
use crate::v1::send_to_dlq_request::FirstRetry;
use crate::v1::stream_due_response::Frame;
use crate::v1::{
    AckRequest, AckResponse, AckResult, AckStatus, Deliveries, ExtendLeaseRequest, ExtendLeaseResponse,
    ExtendLeaseResult, Heartbeat, Opened, Payload, QueueStats, RetryRequest, RetryResponse,
    SendToDlqBatchRequest, SendToDlqBatchResponse, SendToDlqBatchResult, SendToDlqRequest, SendToDlqResponse,
    StatsRequest, StatsResponse, StreamDueRequest, StreamDueResponse, WatchEventsRequest,
    WatchEventsResponse,
};
use crate::wire_time::{duration_from_wire, duration_to_wire, timestamp_to_wire};
use futures_core::Stream;
use std::pin::Pin;
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tonic::{Code, Request, Response, Status};

const MAX_IN_FLIGHT: u32 = 16;
/// A worker gives up a stream without a frame for 25 s.
const HEARTBEAT: Duration = Duration::from_secs(10);
const MAX_NAME_CHARS: usize = 128;
/// The service's default.
const MAX_PAYLOAD_BYTES: usize = 1024 * 1024;
const MAX_DELAY: Duration = Duration::from_secs(365 * 24 * 3_600);

/// The calls of producers and workers.
pub(super) struct FakeService(pub(super) Arc<Shared>);

type RpcResult<T> = Result<Response<T>, Status>;

impl FakeService {
    fn store(&self) -> Result<MutexGuard<'_, FakeStore>, Status> {
        self.0.store()
    }
}

#[tonic::async_trait]
impl DlqService for FakeService {
    type StreamDueStream = Frames<StreamDueResponse>;
    type WatchEventsStream = Frames<WatchEventsResponse>;

    async fn send_to_dlq(&self, request: Request<SendToDlqRequest>) -> RpcResult<SendToDlqResponse> {
        let response = accept(&mut *self.store()?, request.into_inner())?;
        self.0.changed();
        Ok(Response::new(response))
    }

    async fn send_to_dlq_batch(
        &self,
        request: Request<SendToDlqBatchRequest>,
    ) -> RpcResult<SendToDlqBatchResponse> {
        let mut store = self.store()?;
        let requests = request.into_inner().requests.into_iter();
        let results = requests.map(|request| {
            let part = match accept(&mut store, request) {
                Ok(response) => Part::Response(response),
                Err(status) => Part::Error(to_error_status(&status)),
            };
            SendToDlqBatchResult { outcome: Some(part) }
        });
        let results = results.collect();
        drop(store);
        self.0.changed();
        Ok(Response::new(SendToDlqBatchResponse { results }))
    }

    async fn stream_due(&self, request: Request<StreamDueRequest>) -> RpcResult<Self::StreamDueStream> {
        drop(self.store()?);
        let (frames, received) = mpsc::channel(1);
        tokio::spawn(deliver(Arc::clone(&self.0), request.into_inner(), frames));
        Ok(Response::new(Frames(received)))
    }

    async fn ack(&self, request: Request<AckRequest>) -> RpcResult<AckResponse> {
        let mut store = self.store()?;
        let outcomes = request.into_inner().outcomes.into_iter();
        let results = outcomes.map(|outcome| store.settle(outcome).map_or_else(lease_lost, applied));
        let results = results.collect();
        drop(store);
        self.0.changed();
        Ok(Response::new(AckResponse { results }))
    }

    async fn extend_lease(&self, request: Request<ExtendLeaseRequest>) -> RpcResult<ExtendLeaseResponse> {
        let store = self.store()?;
        let request = request.into_inner();
        let lease_tokens = match &request.session_id[..] {
            "" => request.lease_tokens,
            session_id => store.leases_of(session_id),
        };
        let results = lease_tokens.into_iter().map(|lease_token| {
            let is_held = store.holds(&lease_token);
            let mut result = ExtendLeaseResult {
                lease_token,
                lease_expire_time: is_held.then(|| timestamp_to_wire(SystemTime::now() + LEASE)),
                ..ExtendLeaseResult::default()
            };
            result.set_status(if is_held {
                AckStatus::Applied
            } else {
                AckStatus::LeaseLost
            });
            result
        });
        let results = results.collect();
        Ok(Response::new(ExtendLeaseResponse { results }))
    }

    async fn retry(&self, _: Request<RetryRequest>) -> RpcResult<RetryResponse> {
        Err(Status::unimplemented("use `FakeDlq::make_due`"))
    }

    async fn stats(&self, request: Request<StatsRequest>) -> RpcResult<StatsResponse> {
        let store = self.store()?;
        let mut queues = request.into_inner().queues;
        if queues.is_empty() {
            queues = store
                .messages
                .iter()
                .map(|one| one.request.queue.clone())
                .collect();
            queues.sort();
            queues.dedup();
        }
        let queues: Vec<_> = queues.into_iter().map(|queue| stats_of(&store, queue)).collect();
        Ok(Response::new(StatsResponse {
            total_messages: queues
                .iter()
                .map(|stats| stats.scheduled + stats.in_flight + stats.quarantined)
                .sum(),
            queues,
            ..StatsResponse::default()
        }))
    }

    async fn watch_events(&self, request: Request<WatchEventsRequest>) -> RpcResult<Self::WatchEventsStream> {
        let request = request.into_inner();
        let from = self.store()?.events.start_of(&request)?;
        let (responses, received) = mpsc::channel(1);
        tokio::spawn(watch(Arc::clone(&self.0), request, from, responses));
        Ok(Response::new(Frames(received)))
    }
}

fn accept(store: &mut FakeStore, request: SendToDlqRequest) -> Result<SendToDlqResponse, Status> {
    let queue = &request.queue;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if queue.is_empty() || queue.len() > MAX_NAME_CHARS || !queue.bytes().all(is_plain) {
        let message = format!("queue is \"{queue}\"; give 1 to 128 of A-Z a-z 0-9 . _ -");
        return Err(invalid(message));
    }
    if let Some(FirstRetry::Delay(delay)) = &request.first_retry
        && duration_from_wire(delay) > MAX_DELAY
    {
        return Err(invalid("delay is longer than 365 days"));
    }
    check_payload(request.payload.as_ref())?;
    Ok(store.accept(request))
}

fn check_payload(payload: Option<&Payload>) -> Result<(), Status> {
    let (field, bytes) = match payload.and_then(|payload| payload.body.as_ref()) {
        Some(Body::Text(text)) => ("text", text.len()),
        Some(Body::Data(data)) => ("data", data.len()),
        None => return Ok(()),
    };
    if bytes <= MAX_PAYLOAD_BYTES {
        return Ok(());
    }
    Err(invalid(format!(
        "payload.{field}: is {bytes} bytes long; this server accepts at most {MAX_PAYLOAD_BYTES}: \
         store large content elsewhere and send a reference, or raise the server's payload limit"
    )))
}

fn invalid(message: impl Into<String>) -> Status {
    refusal(Code::InvalidArgument, "INVALID_REQUEST", message)
}

/// Sends deliveries until the stream is closed or the fake is down.
async fn deliver(
    shared: Arc<Shared>,
    request: StreamDueRequest,
    frames: mpsc::Sender<Result<StreamDueResponse, Status>>,
) {
    let send = |frame| frames.send(Ok(StreamDueResponse { frame: Some(frame) }));
    let session_id = match request.resume_session_id {
        id if id.is_empty() => format!("{:032x}", rand::random::<u128>()),
        id => id,
    };
    let opened = Opened {
        session_id: session_id.clone(),
        lease_duration: Some(duration_to_wire(LEASE)),
        ..Opened::default()
    };
    let max_in_flight = request.max_in_flight.unwrap_or(MAX_IN_FLIGHT) as usize;
    let mut held: Vec<String> = Vec::new();
    let mut changes = shared.changes.subscribe();
    if send(Frame::Opened(opened)).await.is_err() {
        return;
    }
    loop {
        changes.mark_unchanged();
        let (taken, next_due_at) = {
            let mut store = shared.store.lock().unwrap();
            if store.is_down {
                return;
            }
            held.retain(|token| store.holds(token));
            let taken = store.take(&request.queues, &session_id, max_in_flight - held.len());
            let has_room = held.len() + taken.len() < max_in_flight;
            let next_due_at = store.next_due_at(&request.queues).filter(|_| has_room);
            (taken, next_due_at)
        };
        if !taken.is_empty() {
            held.extend(taken.iter().map(|message| message.lease_token.clone()));
            let deliveries = taken.iter().map(FakeMessage::delivery).collect();
            if send(Frame::Deliveries(Deliveries { deliveries })).await.is_err() {
                shared.store.lock().unwrap().take_back(&taken);
                return shared.changed();
            }
            continue;
        }
        let due = async {
            match next_due_at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            changed = changes.changed() => if changed.is_err() { return },
            () = frames.closed() => return,
            () = tokio::time::sleep(HEARTBEAT) => if send(Frame::Heartbeat(Heartbeat {})).await.is_err() {
                return;
            },
        }
    }
}

fn applied(message: &FakeMessage) -> AckResult {
    let mut result = AckResult {
        due_time: message.due_time(),
        ..AckResult::default()
    };
    result.set_status(AckStatus::Applied);
    result.set_state(message.wire_state().unwrap_or_default());
    result.set_quarantine_reason(message.quarantine_reason.unwrap_or_default());
    result
}

fn lease_lost() -> AckResult {
    let mut result = AckResult::default();
    result.set_status(AckStatus::LeaseLost);
    result
}

fn stats_of(store: &FakeStore, queue: String) -> QueueStats {
    let count = |state| {
        let is_counted = |one: &&FakeMessage| one.request.queue == queue && one.state == state;
        i64::try_from(store.messages.iter().filter(is_counted).count()).unwrap_or(i64::MAX)
    };
    QueueStats {
        scheduled: count(FakeState::Scheduled),
        in_flight: count(FakeState::InFlight),
        quarantined: count(FakeState::Quarantined),
        queue,
        ..QueueStats::default()
    }
}

/// The frames of a stream.
pub(super) struct Frames<T>(mpsc::Receiver<Result<T, Status>>);

impl<T> Stream for Frames<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}
