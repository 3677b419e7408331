"""A fake server in this process that keeps messages in memory."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc

from dlq.v1 import dlq_service_pb2 as pb
from dlq.v1 import dlq_service_pb2_grpc, message_pb2

from .fake_events import FakeEvents
from .fake_message import FakeMessage
from .fake_operations import quarantine_number, retry, state_number, stats
from .fake_refusal import abort_with, refusal_of

_LEASE_S = 30


class FakeServer(dlq_service_pb2_grpc.DlqServiceServicer):
    """Accepts, delivers, retries and quarantines messages as a server with default settings does, and counts them.

    What is left out: delays of policies (messages are due at once, and again after a failed attempt, unless sent with
    a delay), reasons that only the text of a failure shows, ends of leases and of times to live, order by priority
    and ordering key, rules, settings, and the calls of operators except `Retry` and `Stats`. `WatchEvents` has no
    filter, and the events of sends and outcomes only.
    """

    def __init__(self) -> None:
        self.target = ""
        self._changed = threading.Condition()
        self._messages: list[FakeMessage] = []
        self._events = FakeEvents()
        self._by_request: dict[str, pb.SendToDlqResponse] = {}
        self._sends: Counter[tuple[str, str]] = Counter()
        """By queue and source id."""
        self._is_down = False
        self._has_ended = False

    def messages(self, queue: str) -> list[FakeMessage]:
        """Returns all messages of a queue, also removed ones; oldest first."""
        with self._changed:
            return [one for one in self._messages if one.request.queue == queue]

    def wait_for(
        self, queue: str, state: str, count: int = 1, timeout: float = 10.0
    ) -> list[FakeMessage]:
        """Waits until `count` messages of the queue are in the state, and returns them."""

        def found() -> list[FakeMessage]:
            return [m for m in self._messages if m.request.queue == queue and m.state == state]

        with self._changed:
            if not self._changed.wait_for(lambda: len(found()) >= count, timeout):
                raise AssertionError(f"{len(found())} messages of {queue} are {state}, not {count}")
            return found()

    def go_down(self) -> None:
        """Answers all calls with UNAVAILABLE from now on."""
        with self._changed:
            self._is_down = True
            self._changed.notify_all()

    def come_back(self) -> None:
        """Ends `go_down`."""
        with self._changed:
            self._is_down = False

    def end(self) -> None:
        """Ends all streams."""
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def SendToDlq(
        self, request: pb.SendToDlqRequest, context: grpc.ServicerContext
    ) -> pb.SendToDlqResponse:
        self._check_up(context)
        refusal = refusal_of(request)
        if refusal is not None:
            abort_with(context, refusal)
        with self._changed:
            response = self._accept(request)
            self._changed.notify_all()
            return response

    def SendToDlqBatch(
        self, request: pb.SendToDlqBatchRequest, context: grpc.ServicerContext
    ) -> pb.SendToDlqBatchResponse:
        self._check_up(context)
        with self._changed:
            results = [self._result_of(one) for one in request.requests]
            self._changed.notify_all()
        return pb.SendToDlqBatchResponse(results=results)

    def StreamDue(
        self, request: pb.StreamDueRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.StreamDueResponse]:
        self._check_up(context)
        opened = pb.Opened(session_id=request.resume_session_id or str(uuid.uuid4()))
        opened.lease_duration.seconds = _LEASE_S
        yield pb.StreamDueResponse(opened=opened)
        context.add_callback(self._wake)
        with self._changed:
            held = self._held_by(opened.session_id)
        while True:
            with self._changed:
                if self._is_down or self._has_ended or not context.is_active():
                    return
                held = [one for one in held if one.state == "IN_FLIGHT"]
                room = (request.max_in_flight or 16) - len(held)
                due = self._due(request.queues)[:room]
                taken = [self._hand_out(one, opened.session_id) for one in due]
                held.extend(due)
                if not taken:
                    self._changed.wait(self._next_due_in(request.queues))
                    continue
            yield pb.StreamDueResponse(deliveries=pb.Deliveries(deliveries=taken))

    def WatchEvents(
        self, request: pb.WatchEventsRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.WatchEventsResponse]:
        self._check_up(context)
        context.add_callback(self._wake)
        with self._changed:
            begin = self._events.begin(request, context)
        yield pb.WatchEventsResponse(resume_token=str(begin))
        while True:
            with self._changed:
                if self._is_down or self._has_ended or not context.is_active():
                    return
                response = self._events.next(request, begin)
                begin = int(response.resume_token)
                if not response.events:
                    self._changed.wait()
                    continue
            yield response

    def Ack(self, request: pb.AckRequest, context: grpc.ServicerContext) -> pb.AckResponse:
        self._check_up(context)
        with self._changed:
            results = [self._settle(outcome) for outcome in request.outcomes]
            self._changed.notify_all()
        return pb.AckResponse(results=results)

    def ExtendLease(
        self, request: pb.ExtendLeaseRequest, context: grpc.ServicerContext
    ) -> pb.ExtendLeaseResponse:
        self._check_up(context)
        with self._changed:
            held = {one.lease_token for one in self._messages if one.state == "IN_FLIGHT"}
            tokens = list(request.lease_tokens)
            if request.session_id:
                tokens = [one.lease_token for one in self._held_by(request.session_id)]
        response = pb.ExtendLeaseResponse()
        for token in tokens:
            result = response.results.add(lease_token=token, status=pb.ACK_STATUS_LEASE_LOST)
            if token in held:
                result.status = pb.ACK_STATUS_APPLIED
                result.lease_expire_time.FromNanoseconds(time.time_ns() + _LEASE_S * 10**9)
        return response

    def Retry(self, request: pb.RetryRequest, context: grpc.ServicerContext) -> pb.RetryResponse:
        self._check_up(context)
        with self._changed:
            response = retry(self._messages, self._sends, request, context)
            self._changed.notify_all()
        return response

    def Stats(self, request: pb.StatsRequest, context: grpc.ServicerContext) -> pb.StatsResponse:
        self._check_up(context)
        with self._changed:
            return stats(self._messages, request)

    def _check_up(self, context: grpc.ServicerContext) -> None:
        if self._is_down:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the fake is down")

    def _result_of(self, request: pb.SendToDlqRequest) -> pb.SendToDlqBatchResult:
        refusal = refusal_of(request)
        if refusal is not None:
            return pb.SendToDlqBatchResult(error=refusal)
        return pb.SendToDlqBatchResult(response=self._accept(request))

    def _held_by(self, session_id: str) -> list[FakeMessage]:
        held = [one for one in self._messages if one.session_id == session_id]
        return [one for one in held if one.state == "IN_FLIGHT"]

    def _accept(self, request: pb.SendToDlqRequest) -> pb.SendToDlqResponse:
        known = self._by_request.get(request.request_id)
        if known is not None:
            return known
        message = self._joined(request)
        is_new = message is None
        if message is None:
            message = FakeMessage(pb.SendToDlqRequest.FromString(request.SerializeToString()))
            self._messages.append(message)
        message.failures.append(request.failure)
        if is_new:
            message.arrive()
        was_quarantined = message.state == "QUARANTINED"
        if request.source_id:
            source = (request.queue, request.source_id)
            self._sends[source] += 1
            message.count(self._sends[source])
        if is_new:
            self._events.added(message)
        elif message.state == "QUARANTINED" and not was_quarantined:
            self._events.waits(message)
        response = pb.SendToDlqResponse(
            id=message.id,
            state=state_number(message.state),  # type: ignore[arg-type]  # enums are open
            reason=message.reason,  # type: ignore[arg-type]
            quarantine_reason=quarantine_number(message.quarantine_reason),  # type: ignore[arg-type]
            duplicate=not is_new,
        )
        if message.state == "SCHEDULED":
            wait_s = max(0.0, message.due_at - time.monotonic())
            response.due_time.FromNanoseconds(time.time_ns() + int(wait_s * 1e9))
        if request.request_id:
            self._by_request[request.request_id] = response
        return response

    def _joined(self, request: pb.SendToDlqRequest) -> FakeMessage | None:
        if not request.dedup_key:
            return None
        for one in self._messages:
            same = (one.request.queue, one.request.dedup_key, one.request.payload)
            if same == (request.queue, request.dedup_key, request.payload):
                return one
        return None

    def _due(self, queues: object) -> list[FakeMessage]:
        now = time.monotonic()
        return [one for one in self._scheduled(queues) if one.due_at <= now]

    def _next_due_in(self, queues: object) -> float | None:
        delays = [one.due_at - time.monotonic() for one in self._scheduled(queues)]
        return max(0.001, min(delays)) if delays else None

    def _scheduled(self, queues: object) -> list[FakeMessage]:
        names = set(queues)  # type: ignore[call-overload]
        return [m for m in self._messages if m.state == "SCHEDULED" and m.request.queue in names]

    def _hand_out(self, message: FakeMessage, session_id: str) -> pb.Delivery:
        message.state = "IN_FLIGHT"
        message.deliveries += 1
        message.lease_token = str(uuid.uuid4())
        message.session_id = session_id
        request = message.request
        shown = message_pb2.Message(
            id=message.id,
            queue=request.queue,
            payload=request.payload,
            attributes=request.attributes,
            failure=message.failures[-1],
            reason=message.reason,  # type: ignore[arg-type]  # enums are open
            failure_count=len(message.failures),
            source_id=request.source_id,
            dedup_key=request.dedup_key,
            ordering_key=request.ordering_key,
            priority=request.priority,
            attempts=message.attempts,
        )
        if request.HasField("trace_context"):
            shown.trace_context.CopyFrom(request.trace_context)
        delivery = pb.Delivery(
            message=shown,
            lease_token=message.lease_token,
            attempt=message.attempts + 1,
            delivery_number=message.deliveries,
        )
        delivery.lease_expire_time.FromNanoseconds(time.time_ns() + _LEASE_S * 10**9)
        return delivery

    def _settle(self, outcome: pb.Outcome) -> pb.AckResult:
        message = next((m for m in self._messages if m.lease_token == outcome.lease_token), None)
        if message is None or message.state != "IN_FLIGHT":
            return pb.AckResult(status=pb.ACK_STATUS_NOT_FOUND)
        message.settle(outcome)
        self._events.settled(message, outcome.WhichOneof("result") or "")
        return pb.AckResult(
            status=pb.ACK_STATUS_APPLIED,
            state=state_number(message.state),  # type: ignore[arg-type]  # enums are open
            quarantine_reason=quarantine_number(message.quarantine_reason),  # type: ignore[arg-type]
        )

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


@contextlib.contextmanager
def fake_server() -> Iterator[FakeServer]:
    """Runs a fake server on a free loopback port."""
    fake = FakeServer()
    pool = ThreadPoolExecutor(max_workers=32, thread_name_prefix="dlq-fake")
    server = grpc.server(pool)
    dlq_service_pb2_grpc.add_DlqServiceServicer_to_server(fake, server)
    fake.target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield fake
    finally:
        fake.end()
        server.stop(0).wait()
        pool.shutdown(wait=False, cancel_futures=True)
