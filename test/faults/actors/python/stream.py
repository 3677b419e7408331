"""A StreamDue call that is reopened whenever it ends, as docs/guides/work.md requires."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import grpc
from dlq.v1 import dlq_service_pb2 as dlq
from google.protobuf.duration_pb2 import Duration

from acks import Job
from stream_events import lease_ms_of, write_delivered, write_opened
from history import History
from servers import CallFailed, Channel, Servers

FIRST_PAUSE_S, MAX_PAUSE_S = 0.05, 0.5
# The first frame comes at once, unlike heartbeats.
OPENING_S = 5.0


@dataclass(frozen=True)
class StreamOptions:
    queues: list[str]
    max_in_flight: int
    lease_ms: int
    # A connection without a frame for longer is dead.
    silence_s: float


class Stream:
    """One worker session over many calls. `run` needs its own thread."""

    def __init__(
        self,
        name: str,
        options: StreamOptions,
        servers: Servers,
        history: History,
        on_job: Callable[[Job], None],
    ):
        self._name, self._options = name, options
        self._servers, self._history, self._on_job = servers, history, on_job
        self._session = ""
        self._lease_ms = 0.0
        self._calls = 0
        self._call: grpc.Call | None = None
        self._silent_s = 0.0
        self._is_open = False
        self._why = ""
        self._is_closing = False

    def run(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._is_closing:
            self._calls += 1
            stream = f"{self._name}-{self._calls}"
            self._is_open, self._why = False, ""
            try:
                with self._servers.calling() as channel:
                    self._read(channel, stream)
                why = self._why or "ended"
                self._servers.use_next()
            except CallFailed as failure:
                why = self._why or failure.code
            if self._is_open:
                self._history.write("closed", stream=stream, why=why)
                pause = FIRST_PAUSE_S
            if why != "drain" and not self._is_closing:
                time.sleep(pause)
                pause = min(pause * 2, MAX_PAUSE_S)

    def close(self) -> None:
        self._is_closing = True
        self._cancel("stopped")

    def check_silence(self, passed_s: float) -> None:
        """Must be called regularly, with the time since the last call: pauses of this process do not count."""
        self._silent_s += passed_s
        limit = self._options.silence_s
        if self._silent_s > (limit if self._is_open else min(limit, OPENING_S)):
            self._silent_s = 0.0
            self._cancel("silent")

    def _cancel(self, why: str) -> None:
        call = self._call
        if call is not None:
            self._why = self._why or why
            call.cancel()

    def _read(self, channel: Channel, stream: str) -> None:
        lease = Duration()
        lease.FromMilliseconds(self._options.lease_ms)
        request = dlq.StreamDueRequest(
            queues=self._options.queues,
            worker_id=self._name,
            max_in_flight=self._options.max_in_flight,
            lease_duration=lease,
            resume_session_id=self._session,
        )
        self._silent_s = 0.0
        call = self._call = channel.stub.StreamDue(request)
        if self._is_closing:  # `close` was called before this call existed
            self._cancel("stopped")
        try:
            for frame in call:
                self._silent_s = 0.0
                kind = frame.WhichOneof("frame")
                if kind == "opened":
                    channel.answered()
                    self._opened(stream, frame.opened)
                elif kind == "deliveries":
                    for delivery in frame.deliveries.deliveries:
                        self._delivered(stream, delivery)
                elif kind == "drain":
                    self._why = self._why or "drain"  # the server will end the stream
        finally:
            self._call = None

    def _opened(self, stream: str, opened: dlq.Opened) -> None:
        self._is_open = True
        self._session = opened.session_id
        self._lease_ms = lease_ms_of(opened)
        write_opened(self._history, stream, opened)

    def _delivered(self, stream: str, delivery: dlq.Delivery) -> None:
        seen = write_delivered(self._history, stream, delivery)
        token, number, attempt = delivery.lease_token, delivery.delivery_number, delivery.attempt
        self._on_job(Job(token, seen.plan, number, attempt, self._lease_ms, seen.expires))
