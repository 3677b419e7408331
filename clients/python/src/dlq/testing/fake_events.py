"""What happened to the fake's messages, for WatchEvents."""

from __future__ import annotations

import time
from fnmatch import fnmatchcase

import grpc

from dlq.v1 import dlq_service_pb2 as pb
from dlq.v1 import event_pb2

from .fake_message import FakeMessage
from .fake_operations import quarantine_number, state_number

_BY_OUTCOME = {
    "failed": event_pb2.EVENT_TYPE_RETRY_FAILED,
    "succeeded": event_pb2.EVENT_TYPE_RETRY_SUCCESS,
    "released": event_pb2.EVENT_TYPE_RELEASED,
    "discarded": event_pb2.EVENT_TYPE_DISCARDED,
}


class FakeEvents:
    """All events since the start, in order. A resume token is the number of those before."""

    def __init__(self) -> None:
        self._events: list[event_pb2.Event] = []

    def added(self, message: FakeMessage) -> None:
        self._add(message, event_pb2.EVENT_TYPE_MESSAGE_ADDED)
        self.waits(message)

    def settled(self, message: FakeMessage, outcome: str) -> None:
        """`outcome`: the field of `pb.Outcome`."""
        if outcome in _BY_OUTCOME:
            self._add(message, _BY_OUTCOME[outcome])
        if outcome in ("failed", "quarantined"):
            self.waits(message)

    def waits(self, message: FakeMessage) -> None:
        """It waits for a retry, or in quarantine."""
        if message.state == "QUARANTINED":
            self._add(message, event_pb2.EVENT_TYPE_MOVED_TO_POISON)
        elif message.state == "SCHEDULED":
            self._add(message, event_pb2.EVENT_TYPE_RETRY_SCHEDULED)

    def begin(self, request: pb.WatchEventsRequest, context: grpc.ServicerContext) -> int:
        """Returns the number of events before the first one that the call wants."""
        if request.filter:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "the fake has no filters of events")
        if request.resume_token:
            if not request.resume_token.isdecimal():
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "resume_token: is not of the fake")
            return int(request.resume_token)
        if not request.HasField("start_time"):
            return len(self._events)
        start = request.start_time.ToNanoseconds()
        return sum(event.time.ToNanoseconds() < start for event in self._events)

    def next(self, request: pb.WatchEventsRequest, begin: int) -> pb.WatchEventsResponse:
        """Returns the events that the call wants; without any if there are none now."""
        events = [event for event in self._events[begin:] if _is_wanted(event, request)]
        return pb.WatchEventsResponse(events=events, resume_token=str(len(self._events)))

    def _add(self, message: FakeMessage, type: event_pb2.EventType) -> None:
        event = event_pb2.Event(
            id=str(len(self._events) + 1),
            type=type,
            queue=message.request.queue,
            message_id=message.id,
            reason=message.reason,  # type: ignore[arg-type]  # enums are open
            retry_count=message.attempts,
            state=state_number(message.state),  # type: ignore[arg-type]
            quarantine_reason=quarantine_number(message.quarantine_reason),  # type: ignore[arg-type]
            delivery_count=message.deliveries,
        )
        event.time.FromNanoseconds(time.time_ns())
        if message.state == "SCHEDULED":
            wait_s = max(0.0, message.due_at - time.monotonic())
            event.due_time.FromNanoseconds(time.time_ns() + int(wait_s * 1e9))
        self._events.append(event)


def _is_wanted(event: event_pb2.Event, request: pb.WatchEventsRequest) -> bool:
    if request.types and event.type not in request.types:
        return False
    return not request.queues or any(fnmatchcase(event.queue, one) for one in request.queues)
