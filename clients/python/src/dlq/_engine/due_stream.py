"""One worker's StreamDue stream. It is reopened in the same session until it is closed."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterable

import grpc

from dlq.v1 import dlq_service_pb2 as pb

from .._core.backoff import Backoff
from .._core.call_error import CallError, call_error_of
from ..errors import DlqClientError
from .connection import CallFailed, Connection

_FIRST_BACKOFF_S = 0.02
_MAX_BACKOFF_S = 5.0
_STABLE_AFTER_S = 1.0
"""A stream that lasted longer counts as opened, and resets the backoff."""
_FRAME_TIMEOUT_S = 25.0
"""The server sends a frame every 10 s at least. A stream without one for this long is dead."""
_TOKEN_TIMEOUT_S = 2.0
_DEFAULT_LEASE_S = 30.0

_FINAL = frozenset({"INVALID_ARGUMENT", "UNIMPLEMENTED"})
"""Statuses that a retry can't change: the request is wrong, or `target` is an unknown server. They are
retried once a stream was open: then a proxy has no server, for example during a deployment."""


class DueStream:
    """A thread reads each stream. All other work is done in the engine's loop."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        request: pb.StreamDueRequest,
        *,
        on_opened: Callable[[float], None],
        on_deliveries: Callable[[Iterable[pb.Delivery]], None],
        on_broken: Callable[[DlqClientError], None],
        before_resume: Callable[[str], Awaitable[None]],
    ) -> None:
        self._connect = connect
        self._request = request
        self._on_opened = on_opened
        self._on_deliveries = on_deliveries
        self._on_broken = on_broken
        self._before_resume = before_resume
        self._loop = asyncio.get_running_loop()
        self._backoff = Backoff(_FIRST_BACKOFF_S, _MAX_BACKOFF_S)
        self._frames: asyncio.Queue[pb.StreamDueResponse | CallError | None] = asyncio.Queue()
        self._closing = asyncio.Event()
        self.session_id = ""
        self.done = self._loop.create_task(self._stay_open())
        """Raises DlqClientError when the server refuses the stream for good."""

    def close(self) -> None:
        self._closing.set()
        self._frames.put_nowait(None)

    async def _stay_open(self) -> None:
        while not self._closing.is_set():
            started_at = time.monotonic()
            end = await self._read()
            if self._closing.is_set():
                return
            if isinstance(end, CallError):
                if not self.session_id and end.code in _FINAL:
                    raise end.as_client_error()
                self._on_broken(_stream_error(end))
            was_stable = time.monotonic() - started_at > _STABLE_AFTER_S
            if was_stable:
                self._backoff.reset()
            if end != "drain" or not was_stable:
                await self._pause()
            if self.session_id and not self._closing.is_set():
                await self._before_resume(self.session_id)

    async def _read(self) -> CallError | str:
        """Reads one stream to its end. Returns `drain`, `end`, or an error."""
        frames: asyncio.Queue[pb.StreamDueResponse | CallError | None] = asyncio.Queue()
        self._frames = frames
        connection = self._connect()
        request = pb.StreamDueRequest(resume_session_id=self.session_id)
        request.MergeFrom(self._request)
        try:
            metadata = await connection.metadata_within(_TOKEN_TIMEOUT_S)
        except CallFailed as failed:
            connection.close()
            return failed.error
        call = connection.stub.StreamDue(request, metadata=metadata)
        thread = threading.Thread(
            target=self._read_frames, args=(call, frames), name="dlq-stream", daemon=True
        )
        thread.start()
        try:
            while True:
                try:
                    frame = await asyncio.wait_for(frames.get(), _FRAME_TIMEOUT_S)
                except asyncio.TimeoutError:
                    return CallError("UNAVAILABLE", f"no frame for {_FRAME_TIMEOUT_S:.0f} s")
                if self._closing.is_set():
                    return "end"
                if frame is None:
                    return "end"
                if isinstance(frame, CallError):
                    return frame
                kind = frame.WhichOneof("frame")
                if kind == "deliveries":
                    self._on_deliveries(frame.deliveries.deliveries)
                elif kind == "opened":
                    self.session_id = frame.opened.session_id
                    lease_s = frame.opened.lease_duration.ToNanoseconds() / 1e9
                    self._on_opened(lease_s or _DEFAULT_LEASE_S)
                elif kind == "drain":
                    return "drain"
        finally:
            call.cancel()
            connection.close()

    def _read_frames(
        self,
        call: Iterable[pb.StreamDueResponse],
        frames: asyncio.Queue[pb.StreamDueResponse | CallError | None],
    ) -> None:
        end: CallError | None = None
        try:
            for frame in call:
                self._loop.call_soon_threadsafe(frames.put_nowait, frame)
        except grpc.RpcError as error:
            end = call_error_of(error)
        except ValueError as error:  # the channel was closed
            end = CallError("CANCELLED", str(error))
        except RuntimeError:
            return  # the loop has ended
        try:
            self._loop.call_soon_threadsafe(frames.put_nowait, end)
        except RuntimeError:
            pass  # the loop has ended

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), self._backoff.next_s())
        except asyncio.TimeoutError:
            pass


def _stream_error(error: CallError) -> DlqClientError:
    if error.code in ("UNAUTHENTICATED", "PERMISSION_DENIED"):
        return error.as_client_error()
    return DlqClientError("connection", error.text, code=error.code)
