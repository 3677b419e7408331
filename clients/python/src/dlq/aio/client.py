"""The client for programs with asyncio."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

import grpc.aio
from typing_extensions import Self, Unpack

from .._core.durations import Seconds, optional_seconds
from .._engine.connection import ChannelParts
from .._engine.token_interceptor import AioStreamTokenInterceptor, AioUnaryTokenInterceptor
from .._engine.token_source import TokenSource
from ..base_client import BaseClient
from ..errors import DlqClientError
from ..options import ClientSettings, SendOptions
from ..results import SendResult
from ..v1.dlq_admin_service_pb2_grpc import DlqAdminServiceStub
from ..v1.dlq_service_pb2_grpc import DlqServiceStub
from ..worker_options import WorkerSettings, options_of
from .worker import Worker

if TYPE_CHECKING:
    from ..v1.dlq_admin_service_pb2_grpc import DlqAdminServiceAsyncStub
    from ..v1.dlq_service_pb2_grpc import DlqServiceAsyncStub


class Client(BaseClient):
    __doc__ = BaseClient.__doc__

    def __init__(self, target: str = "localhost:50051", **settings: Unpack[ClientSettings]) -> None:
        super().__init__(target, **settings)
        self._workers: list[Worker] = []
        self._channels: list[grpc.aio.Channel] = []
        self._set_loop()

    def submit(
        self, queue: str, payload: object, error: object, options: SendOptions
    ) -> Future[SendResult]:
        self._set_loop()
        return super().submit(queue, payload, error, options)

    def _set_loop(self) -> None:
        """An async `token` function runs in the program's loop."""
        if callable(self._options.token) and not self._is_closed:
            with contextlib.suppress(RuntimeError):  # no loop is running
                self.engine.tokens.loop = asyncio.get_running_loop()

    def send(
        self,
        queue: str,
        payload: object,
        error: object = None,
        **options: Unpack[SendOptions],
    ) -> Coroutine[Any, Any, SendResult]:
        """Sends a message that could not be processed. Never raises, except CancelledError if the waiting
        task is cancelled: await it, and check `status` of the result. Without the await, the message is sent, too.

        `payload` is text, bytes, a delivery, or any value that JSON can encode; `error` is the exception.
        """
        return _result_of(self.submit(queue, payload, error, options))

    def worker(self, queues: Sequence[str] | str, **settings: Unpack[WorkerSettings]) -> Worker:
        """Returns a worker for these queues, which must be started. See WorkerSettings."""
        if self._is_closed:
            raise DlqClientError("closed", "the client is closed; make another one")
        self._set_loop()
        worker = Worker(self, options_of(queues, settings))
        self._workers.append(worker)
        return worker

    async def ping(self, timeout: Seconds | None = None) -> timedelta:
        """Asks the service once, with the token, and the service its store. Returns the time that it took. Raises
        DlqClientError.

        `timeout`: default that of the client.
        """
        return await asyncio.wrap_future(self._ping(timeout))

    def stub(self) -> DlqServiceAsyncStub:
        """Returns the generated stub of producers and workers, for all RPCs of DlqService, on a new channel of
        grpc.aio. The channel belongs to the running event loop and is closed with the client."""
        return cast("DlqServiceAsyncStub", DlqServiceStub(self._new_channel()))

    def admin_stub(self) -> DlqAdminServiceAsyncStub:
        """Returns the generated stub of operators, for all RPCs of DlqAdminService: queues, breakers, rules,
        simulations. Like `stub`, on a new channel."""
        return cast("DlqAdminServiceAsyncStub", DlqAdminServiceStub(self._new_channel()))

    def _new_channel(self) -> grpc.aio.Channel:
        if self._is_closed:
            raise DlqClientError("closed", "the client is closed; make another one")
        parts = ChannelParts(self._options)
        tokens = TokenSource(self._options.token)
        interceptors: list[grpc.aio.ClientInterceptor] = [
            one for one in self._options.interceptors if isinstance(one, grpc.aio.ClientInterceptor)
        ]
        if not tokens.is_empty:
            interceptors.insert(0, AioUnaryTokenInterceptor(tokens))
            interceptors.insert(0, AioStreamTokenInterceptor(tokens))
        if parts.credentials is None:
            channel = grpc.aio.insecure_channel(
                parts.target, parts.settings, interceptors=interceptors
            )
        else:
            channel = grpc.aio.secure_channel(
                parts.target, parts.credentials, parts.settings, interceptors=interceptors
            )
        self._channels.append(channel)
        return channel

    async def flush(self, timeout: Seconds | None = None) -> None:
        """Waits until all earlier sends have a result and all drops are reported."""
        if not self._is_closed:  # a closed client has no pending sends
            await asyncio.wrap_future(self.engine.flush(optional_seconds("timeout", timeout)))

    async def close(self, timeout: Seconds | None = None) -> None:
        """Stops the workers, waits for pending sends, and moves the rest to the spool. Must not be called in a handler,
        for which it waits.

        `timeout`: seconds to wait for handlers, and for sends. Default: the workers' `drain_timeout`, and
        the timeout of each send.
        """
        await asyncio.gather(*(worker.stop(timeout) for worker in self._workers))
        if self._is_closed:
            return
        engine = self.engine
        self._is_closed = True
        self._metrics.close()
        await asyncio.wrap_future(engine.close(optional_seconds("timeout", timeout)))
        await asyncio.to_thread(engine.join)
        await asyncio.gather(*(channel.close() for channel in self._channels))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def _after_fork(self) -> None:
        super()._after_fork()
        self._workers = []
        self._channels = []


async def _result_of(send: Future[SendResult]) -> SendResult:
    return await asyncio.wrap_future(send)
