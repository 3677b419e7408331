"""Channels to the service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

import grpc
import grpc.aio

from dlq.v1.dlq_service_pb2_grpc import DlqServiceStub

from .._core.call_error import NO_TOKEN, CallError, call_error_of
from ..options import ClientOptions, target_of
from .token_source import Metadata, NoToken, TokenSource

_Response = TypeVar("_Response")

CHANNEL_OPTIONS: tuple[tuple[str, int], ...] = (
    # Pings find a dead peer while no data arrives. grpcio (1.76 to 1.85) overlooks about one of a hundred
    # resets of a new connection until it writes to it.
    ("grpc.keepalive_time_ms", 5_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # In grpcio 1.76 keepalive_timeout_ms has no effect without this: a ping may take a minute.
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 0),
    ("grpc.http2.max_pings_without_data", 0),
    # By default a reconnect may take up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    # Despite its name, the timeout of one connection attempt.
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.max_send_message_length", 16 * 1024**2),
    ("grpc.max_receive_message_length", 16 * 1024**2),
    # Channels must not share connections: a new channel must connect anew.
    ("grpc.use_local_subchannel_pool", 1),
    # The client retries by itself, under one request_id.
    ("grpc.enable_retries", 0),
)

LINGER_S = 5.0
"""How long earlier calls may still be answered on a replaced channel."""
_MIN_AGE_S = 1.0
"""A younger channel is not replaced after a timeout: with short deadlines, a busy server would have to do
a handshake for each call."""


class CallFailed(Exception):
    """A call failed with `error`."""

    def __init__(self, error: CallError) -> None:
        super().__init__(error.message)
        self.error = error


class ChannelParts:
    """What a channel is made of, for grpc and grpc.aio."""

    def __init__(self, options: ClientOptions) -> None:
        self.target, tls = target_of(options.target, options.tls)
        settings: dict[str, int | str] = {**dict(CHANNEL_OPTIONS), **dict(options.channel_options)}
        self.credentials: grpc.ChannelCredentials | None = None
        if tls is not None:
            self.credentials = grpc.ssl_channel_credentials(tls.ca, tls.key, tls.cert)
            if tls.server_name is not None:
                settings["grpc.ssl_target_name_override"] = tls.server_name
        self.settings: list[tuple[str, int | str]] = list(settings.items())


class Connection:
    """One gRPC channel. It connects on the first call and reconnects when the connection breaks."""

    def __init__(self, options: ClientOptions, tokens: TokenSource | None = None) -> None:
        parts = ChannelParts(options)
        if parts.credentials is None:
            channel = grpc.insecure_channel(parts.target, parts.settings)
        else:
            channel = grpc.secure_channel(parts.target, parts.credentials, parts.settings)
        given = [
            one for one in options.interceptors if not isinstance(one, grpc.aio.ClientInterceptor)
        ]
        self.channel: grpc.Channel = grpc.intercept_channel(channel, *given) if given else channel
        self.stub: DlqServiceStub = DlqServiceStub(self.channel)
        self.tokens: TokenSource = tokens or TokenSource(options.token)
        self.created_at: float = time.monotonic()
        self.open_calls = 0
        """Calls in progress on a ReconnectingChannel."""

    @property
    def metadata(self) -> Metadata:
        """For a call in a thread of the program. Raises what the token's function does."""
        return self.tokens.metadata_now()

    async def metadata_within(self, timeout_s: float) -> Metadata:
        """For a call in the engine's loop. Raises CallFailed."""
        try:
            return await self.tokens.metadata(timeout_s)
        except NoToken as error:
            raise CallFailed(CallError("UNAVAILABLE", f"{NO_TOKEN}: {error}")) from error

    def close(self) -> None:
        """Closes the channel and cancels its calls."""
        self.channel.close()


async def call(
    method: Callable[..., _Response],
    request: object,
    timeout_s: float,
    metadata: Metadata,
) -> _Response:
    """Makes one unary call. Raises CallFailed. Cancelling the task cancels the call."""
    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def on_done(_: object) -> None:
        try:
            loop.call_soon_threadsafe(_finish, ended)
        except RuntimeError:
            pass  # the loop has ended

    try:
        unary: Any = method
        rpc = unary.future(request, timeout=timeout_s, metadata=metadata)
    except (ValueError, TypeError) as error:  # a closed channel; a request that is no message
        raise CallFailed(CallError("CANCELLED", str(error))) from error
    rpc.add_done_callback(on_done)
    try:
        await ended
    except asyncio.CancelledError:
        rpc.cancel()
        raise
    if rpc.code() is grpc.StatusCode.OK:
        response: _Response = rpc.result()
        return response
    raise CallFailed(call_error_of(rpc))


def _finish(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_result(None)


class ReconnectingChannel:
    """The channel of sends and outcomes. It is replaced

    - when a call times out: a vanished peer is otherwise found by pings only, after the deadlines;
    - when it can't connect: gRPC fails the next calls with the cached error, and reconnects only while
      calls are in progress.
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
        metadata = await self.connection.metadata_within(timeout_s)
        connection = self.connection
        connection.open_calls += 1
        try:
            return await call(method(connection.stub), request, timeout_s, metadata)
        except CallFailed as failed:
            self.on_failed(connection, failed.error)
            raise
        finally:
            connection.open_calls -= 1
            if connection.open_calls == 0:
                # At once: otherwise all replaced channels would connect when the service is back.
                self._end(connection)

    def on_failed(self, connection: Connection, error: CallError) -> None:
        """A call on this connection failed."""
        if error.is_timeout:
            self._replace_unless_new(connection)
        elif error.never_arrived:
            self._replace(connection)

    def _replace_unless_new(self, connection: Connection) -> None:
        if time.monotonic() - connection.created_at >= _MIN_AGE_S:
            self._replace(connection)

    def _replace(self, old: Connection) -> None:
        """Closes the old connection later: other calls on it may still be answered."""
        if old is not self._connection:
            return
        self._connection = None  # the next call opens one
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
