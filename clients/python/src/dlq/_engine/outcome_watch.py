"""Follows the sent messages of one queue."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from typing import Any

import grpc

from dlq.v1 import dlq_service_pb2 as pb

from .._core.backoff import Backoff
from .._core.call_error import CallError, call_error_of
from .._core.followed_messages import FOLLOWED_TYPES
from .connection import CallFailed, ReconnectingChannel
from .serial_thread import SerialThread

_FIRST_BACKOFF_S = 0.5
_MAX_BACKOFF_S = 30.0
_STABLE_AFTER_S = 1.0
_TOKEN_TIMEOUT_S = 2.0
_MAX_CALLBACK_S = 5.0
_BEFORE_S = 1.0
"""How long before an event that must not be missed a watch begins."""


class OutcomeWatch:
    """One WatchEvents stream, reopened until it is closed. A thread reads it, and waits for the callbacks of each response
    before it reads the next one. Methods must be called in the engine's loop, except `call`."""

    def __init__(
        self,
        queue: str,
        begin_at: float,
        channel: ReconnectingChannel,
        on_response: Callable[[str, pb.WatchEventsResponse], None],
        on_broken: Callable[[str, CallError], None],
    ) -> None:
        """`begin_at`: time of the first event, in seconds since 1970. `on_response` is called in the thread that
        reads."""
        self.queue = queue
        self._begin_at = begin_at
        self._resume_token = ""
        self._is_open = False
        self._channel = channel
        self._on_response = on_response
        self._on_broken = on_broken
        self._backoff = Backoff(_FIRST_BACKOFF_S, _MAX_BACKOFF_S)
        self._callbacks: SerialThread | None = None
        self._last_call: Future[None] | None = None
        self._is_closed = False
        self.idle_timer: asyncio.TimerHandle | None = None
        """Ends the watch when nothing is followed."""
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._stay_open())

    @property
    def is_called_by_callback(self) -> bool:
        return self._callbacks is not None and self._callbacks.is_current

    def begin_by(self, begin_at: float) -> None:
        """Events since this time are wanted, too. Has no effect on an open stream."""
        if not self._resume_token:
            self._begin_at = min(self._begin_at, begin_at)

    def call(self, callback: Callable[[], None]) -> None:
        """Calls it after all earlier ones, unless the watch is closed before."""
        if self._callbacks is None:
            self._callbacks = SerialThread("dlq-outcomes")
        self._last_call = self._callbacks.submit(lambda: None if self._is_closed else callback())

    def close(self) -> None:
        """A running callback goes on."""
        self._is_closed = True
        if self.idle_timer is not None:
            self.idle_timer.cancel()
        self._task.cancel()

    async def wait_closed(self) -> None:
        """Waits for a running callback, 5 s at most."""
        if self._callbacks is not None:
            await self._callbacks.wait(_MAX_CALLBACK_S, time.monotonic() + _MAX_CALLBACK_S)
            self.end_thread()

    def end_thread(self) -> None:
        if self._callbacks is not None:
            self._callbacks.stop()

    async def _stay_open(self) -> None:
        while True:
            began_at = time.monotonic()
            error = await self._read()
            if self._resume_token and error.code == "INVALID_ARGUMENT":
                self._resume_token = ""  # of a store that was replaced
            self._on_broken(self.queue, error)
            if time.monotonic() - began_at > _STABLE_AFTER_S:
                self._backoff.reset()
            await asyncio.sleep(self._backoff.next_s())

    async def _read(self) -> CallError:
        """Reads one stream to its end."""
        try:
            metadata = await self._channel.connection.metadata_within(_TOKEN_TIMEOUT_S)
        except CallFailed as failed:
            return failed.error
        connection = self._channel.connection
        try:
            call: Any = connection.stub.WatchEvents(self._request(), metadata=metadata)
        except ValueError as closed:
            return CallError("CANCELLED", str(closed))
        ended: asyncio.Future[CallError] = self._loop.create_future()
        threading.Thread(
            target=self._read_responses, args=(call, ended), name="dlq-watch", daemon=True
        ).start()
        try:
            error = await ended
        finally:
            call.cancel()
        self._channel.on_failed(connection, error)
        return error

    def _request(self) -> pb.WatchEventsRequest:
        request = pb.WatchEventsRequest(
            queues=[self.queue], types=FOLLOWED_TYPES, resume_token=self._resume_token
        )
        request.start_time.FromNanoseconds(max(0, int((self._begin_at - _BEFORE_S) * 1e9)))
        return request

    def _read_responses(
        self, call: Iterable[pb.WatchEventsResponse], ended: asyncio.Future[CallError]
    ) -> None:
        end = CallError("UNAVAILABLE", "the server ended the stream")
        try:
            for response in call:
                if self._is_closed:
                    return
                self._on_response(self.queue, response)
                if self._last_call is not None:
                    wait([self._last_call])
                if response.events:
                    self._begin_at = response.events[-1].time.ToNanoseconds() / 1e9
                self._resume_token = response.resume_token or self._resume_token
        except grpc.RpcError as error:
            end = call_error_of(error)
        except Exception as fault:  # also a bug of this client: the watch must go on
            end = CallError("INTERNAL", f"{type(fault).__name__}: {fault}")
        try:
            self._loop.call_soon_threadsafe(_finish, ended, end)
        except RuntimeError:
            pass  # the client was closed


def _finish(ended: asyncio.Future[CallError], end: CallError) -> None:
    if not ended.done():
        ended.set_result(end)
