"""A server whose WatchEvents says what a test says."""

from __future__ import annotations

import itertools
import queue
import threading
import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc

from dlq.v1 import dlq_service_pb2 as pb
from dlq.v1 import dlq_service_pb2_grpc, event_pb2, state_pb2

ACCEPTED_MS = 1_790_000_000_000


class WatchServer(dlq_service_pb2_grpc.DlqServiceServicer):
    """Each open stream takes what `say` was given. Ids of messages are UUIDv7 of ACCEPTED_MS."""

    def __init__(self) -> None:
        self.target = ""
        self.requests: queue.Queue[pb.WatchEventsRequest] = queue.Queue()
        self.ended = threading.Semaphore(0)
        """Released for each stream that the client ended."""
        self._says: deque[pb.WatchEventsResponse | grpc.StatusCode] = deque()
        self._changed = threading.Condition()
        self._numbers = itertools.count(1)

    def say(
        self, *events: event_pb2.Event, token: str = "", missed: int = 0, undone: int = 0
    ) -> None:
        response = pb.WatchEventsResponse(events=events, resume_token=token)
        if missed:
            response.gap.missed_count, response.gap.undone_count = missed, undone
        self._say(response)

    def fail(self, code: grpc.StatusCode) -> None:
        """Ends the next stream, or the open one."""
        self._say(code)

    def event(
        self, type: str, message_id: str, queue: str, state: str = "SCHEDULED", **fields: str
    ) -> event_pb2.Event:
        found = event_pb2.Event(
            id=f"event-{next(self._numbers)}",
            type=event_pb2.EventType.Value(f"EVENT_TYPE_{type}"),
            message_id=message_id,
            queue=queue,
            state=state_pb2.MessageState.Value(f"MESSAGE_STATE_{state}"),
            **fields,  # type: ignore[arg-type]
        )
        found.time.FromMilliseconds(ACCEPTED_MS)
        return found

    def success(self, message_id: str, queue: str) -> event_pb2.Event:
        return self.event("RETRY_SUCCESS", message_id, queue, "SUCCEEDED")

    def SendToDlq(
        self, request: pb.SendToDlqRequest, context: grpc.ServicerContext
    ) -> pb.SendToDlqResponse:
        number = ACCEPTED_MS << 80 | 7 << 76 | 2 << 62 | next(self._numbers)
        return pb.SendToDlqResponse(
            id=str(uuid.UUID(int=number)), state=state_pb2.MESSAGE_STATE_SCHEDULED
        )

    def WatchEvents(
        self, request: pb.WatchEventsRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.WatchEventsResponse]:
        self.requests.put(request)
        context.add_callback(self._on_end)
        while (said := self._next(context)) is not None:
            if isinstance(said, grpc.StatusCode):
                context.abort(said, "as the test says")
            yield said

    def _say(self, said: pb.WatchEventsResponse | grpc.StatusCode) -> None:
        with self._changed:
            self._says.append(said)
            self._changed.notify_all()

    def _next(
        self, context: grpc.ServicerContext
    ) -> pb.WatchEventsResponse | grpc.StatusCode | None:
        """Returns None if the stream has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._says or not context.is_active())
            return self._says.popleft() if context.is_active() else None

    def _on_end(self) -> None:
        with self._changed:
            self._changed.notify_all()
        self.ended.release()


@contextmanager
def watch_server() -> Iterator[WatchServer]:
    found = WatchServer()
    server = grpc.server(ThreadPoolExecutor(8))
    dlq_service_pb2_grpc.add_DlqServiceServicer_to_server(found, server)
    found.target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield found
    finally:
        server.stop(0).wait()
