"""The client for programs with asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, cast

import grpc.aio
from typing_extensions import Self, Unpack

from .._core.durations import Seconds, optional_seconds
from .._engine.connection import CHANNEL_OPTIONS, metadata_of
from .._engine.token_interceptor import AioStreamTokenInterceptor, AioUnaryTokenInterceptor
from ..base_client import BaseClient
from ..dead_letter import DeadLetter, decorate
from ..errors import DlqClientError
from ..options import ClientSettings, SendOptions, target_of
from ..results import SendResult
from ..v1.dlq_service_pb2_grpc import DlqServiceStub
from ..worker_options import WorkerSettings, options_of
from .worker import Worker

if TYPE_CHECKING:
    from ..v1.dlq_service_pb2_grpc import DlqServiceAsyncStub


class Client(BaseClient):
    __doc__ = BaseClient.__doc__

    def __init__(self, target: str = "localhost:50051", **settings: Unpack[ClientSettings]) -> None:
        super().__init__(target, **settings)
        self._workers: list[Worker] = []
        self._channels: list[grpc.aio.Channel] = []

    async def send(
        self,
        queue: str,
        payload: object,
        error: object = None,
        **options: Unpack[SendOptions],
    ) -> SendResult:
        """Sends a message that could not be processed. Never raises, except CancelledError if the waiting
        task is cancelled: check `status` of the result.

        `payload` is text, bytes, or any value that JSON can encode; `error` is the exception.
        """
        return await asyncio.wrap_future(self.submit(queue, payload, error, options))

    def dead_letter(
        self,
        queue: str,
        *,
        payload: Callable[..., object] | None = None,
        send: SendOptions | Callable[..., SendOptions] | None = None,
    ) -> DeadLetter:
        """Decorates a function: if it raises, the message is sent and the call returns None. If the
        message could not be stored, the error is raised, so that the caller keeps the message.

        The message is the first argument, or the result of `payload` with all arguments. `send` are
        options of the send, or a function of the arguments that returns them.
        """
        return decorate(lambda: self, queue, payload, send)

    def worker(self, queues: Sequence[str] | str, **settings: Unpack[WorkerSettings]) -> Worker:
        """Returns a worker for these queues, which must be started. See WorkerSettings."""
        if self._is_closed:
            raise DlqClientError("closed", "the client is closed; make another one")
        worker = Worker(self, options_of(queues, settings))
        self._workers.append(worker)
        return worker

    def stub(self) -> DlqServiceAsyncStub:
        """Returns the generated stub, for all RPCs, on a new channel of grpc.aio. The channel belongs to the
        running event loop and is closed with the client."""
        target, tls = target_of(self._options.target, self._options.tls)
        settings: list[tuple[str, int | str]] = list(CHANNEL_OPTIONS)
        token = metadata_of(self._options)
        interceptors: list[grpc.aio.ClientInterceptor] = []
        if token:
            interceptors = [AioUnaryTokenInterceptor(token), AioStreamTokenInterceptor(token)]
        if tls is None:
            channel = grpc.aio.insecure_channel(target, settings, interceptors=interceptors)
        else:
            credentials = grpc.ssl_channel_credentials(tls.ca, tls.key, tls.cert)
            if tls.server_name is not None:
                settings.append(("grpc.ssl_target_name_override", tls.server_name))
            channel = grpc.aio.secure_channel(
                target, credentials, settings, interceptors=interceptors
            )
        self._channels.append(channel)
        return cast("DlqServiceAsyncStub", DlqServiceStub(channel))

    async def flush(self, timeout: Seconds | None = None) -> None:
        """Waits until all earlier sends have a result and all drops are reported."""
        if not self._is_closed:  # a closed client has no pending sends
            await asyncio.wrap_future(self.engine.flush(optional_seconds("timeout", timeout)))

    async def close(self, timeout: Seconds | None = None) -> None:
        """Stops the workers, waits for pending sends, and moves the rest to the spool.

        `timeout`: seconds to wait for handlers, and for sends. Default: the workers' `drain_timeout`, and
        the timeout of each send.
        """
        await asyncio.gather(*(worker.stop(timeout) for worker in self._workers))
        if self._is_closed:
            return
        engine = self.engine
        self._is_closed = True
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
