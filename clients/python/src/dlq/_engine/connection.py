"""Channels to the service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

import grpc

from dlq.v1.dlq_service_pb2_grpc import DlqServiceStub

from .._core.call_error import CallError, call_error_of
from ..options import ClientOptions, target_of

_Response = TypeVar("_Response")

CHANNEL_OPTIONS: tuple[tuple[str, int], ...] = (
    # A dead peer is found by these, where nothing else is heard.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # The one above has no effect without it in grpcio 1.76: a ping may take a minute.
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 0),
    ("grpc.http2.max_pings_without_data", 0),
    # A service that is back is found soon: by default it takes up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    # Despite its name: how long a try to connect may take.
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.max_send_message_length", 16 * 1024**2),
    ("grpc.max_receive_message_length", 16 * 1024**2),
    # A connection of its own for each channel, so that reconnecting is really that.
    ("grpc.use_local_subchannel_pool", 1),
    # Tries are made again by us, under one request_id.
    ("grpc.enable_retries", 0),
)

LINGER_S = 5.0
"""How long calls of before may still be answered on a channel that was replaced."""
_LEAST_AGE_S = 1.0
"""A younger one stays: deadlines too short for a busy server must not cost it a handshake each."""


class CallFailed(Exception):
    """A call's end, as an error of ours."""

    def __init__(self, error: CallError) -> None:
        super().__init__(error.message)
        self.error = error


class Connection:
    """One channel, opened by its first call and again when it breaks."""

    def __init__(self, options: ClientOptions) -> None:
        target, tls = target_of(options.target, options.tls)
        settings: list[tuple[str, int | str]] = list(CHANNEL_OPTIONS)
        if tls is None:
            self.channel: grpc.Channel = grpc.insecure_channel(target, settings)
        else:
            if tls.server_name is not None:
                settings.append(("grpc.ssl_target_name_override", tls.server_name))
            credentials = grpc.ssl_channel_credentials(tls.ca, tls.key, tls.cert)
            self.channel = grpc.secure_channel(target, credentials, settings)
        self.stub: DlqServiceStub = DlqServiceStub(self.channel)
        self.metadata: tuple[tuple[str, str], ...] = metadata_of(options)
        self.made_at: float = time.monotonic()
        self.under_way = 0
        """Calls of its line that have not ended."""

    def close(self) -> None:
        """Ends it, and with it all calls that are under way."""
        self.channel.close()


def metadata_of(options: ClientOptions) -> tuple[tuple[str, str], ...]:
    if options.token is None:
        return ()
    return (("authorization", f"Bearer {options.token.strip()}"),)


async def call(
    connection: Connection,
    method: Callable[..., _Response],
    request: object,
    timeout_s: float,
) -> _Response:
    """Raises CallFailed. Cancelling it cancels the call."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()

    def on_done(_: object) -> None:
        try:
            loop.call_soon_threadsafe(_finish, over)
        except RuntimeError:
            pass  # the loop has ended, and nobody waits

    try:
        unary: Any = method
        rpc = unary.future(request, timeout=timeout_s, metadata=connection.metadata)
    except (ValueError, TypeError) as error:  # the channel was closed; not a message
        raise CallFailed(CallError("CANCELLED", str(error))) from error
    rpc.add_done_callback(on_done)
    try:
        await over
    except asyncio.CancelledError:
        rpc.cancel()
        raise
    if rpc.code() is grpc.StatusCode.OK:
        response: _Response = rpc.result()
        return response
    raise CallFailed(call_error_of(rpc))


def _finish(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)


class Line:
    """The channel of sends and outcomes.

    When a call on it is not answered in time it is replaced: a peer that vanished without a word is
    otherwise found by pings only, long after the deadlines. When it can't connect, too: gRPC would let
    the next call fail by what it knows, and looks again only while calls are under way.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self._lingering: set[Connection] = set()

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    async def call(
        self,
        method: Callable[[DlqServiceStub], Callable[..., _Response]],
        request: object,
        timeout_s: float,
    ) -> _Response:
        connection = self.connection
        connection.under_way += 1
        try:
            return await call(connection, method(connection.stub), request, timeout_s)
        except CallFailed as failed:
            if failed.error.is_silence:
                self._suspect(connection)
            elif failed.error.never_arrived:
                self._replace(connection)
            raise
        finally:
            connection.under_way -= 1
            if connection.under_way == 0:
                self._end(connection)  # at once: everybody's would connect when the service is back

    def _suspect(self, suspect: Connection) -> None:
        if time.monotonic() - suspect.made_at >= _LEAST_AGE_S:
            self._replace(suspect)

    def _replace(self, old: Connection) -> None:
        """Other calls on it may still be answered."""
        if old is not self._connection:
            return
        self._connection = None  # the next call makes one
        self._lingering.add(old)
        asyncio.get_running_loop().call_later(LINGER_S, self._end, old)

    def _end(self, replaced: Connection) -> None:
        if replaced in self._lingering:
            self._lingering.discard(replaced)
            replaced.close()

    def close(self) -> None:
        for connection in (*self._lingering, self._connection):
            if connection is not None:
                connection.close()
        self._lingering.clear()
        self._connection = None
