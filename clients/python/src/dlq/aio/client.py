"""The client for programs with asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, cast

import grpc.aio
from typing_extensions import Self, Unpack

from .._engine.bearer import AioStreamBearer, AioUnaryBearer
from .._engine.connection import CHANNEL_OPTIONS, metadata_of
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
        """Hands over a message that could not be processed, and why. Never raises, save for the
        CancelledError of the task that waits: look at `status`.

        `payload` is text, bytes, or anything that JSON can hold; `error` is what was raised.
        """
        return await asyncio.wrap_future(self.submit(queue, payload, error, options))

    def dead_letter(
        self,
        queue: str,
        *,
        payload: Callable[..., object] | None = None,
        send: SendOptions | Callable[..., SendOptions] | None = None,
    ) -> DeadLetter:
        """Decorates a function: what it raises is sent, and the call gives None. If the message could
        not be kept, the error is raised, so that whoever called keeps it.

        The message is the first argument, unless `payload` makes it of the arguments; `send` are
        options of the send, the same for all or made of the arguments.
        """
        return decorate(lambda: self, queue, payload, send)

    def worker(self, queues: Sequence[str] | str, **settings: Unpack[WorkerSettings]) -> Worker:
        """Works on messages that are due, once it is started. See WorkerSettings."""
        if self._is_closed:
            raise DlqClientError("closed", "the client is closed; make another one")
        worker = Worker(self, options_of(queues, settings))
        self._workers.append(worker)
        return worker

    def stub(self) -> DlqServiceAsyncStub:
        """The generated stub on a channel of grpc.aio, for every RPC as it is. The channel belongs to
        the event loop that runs now, and is closed with the client."""
        target, tls = target_of(self._options.target, self._options.tls)
        settings: list[tuple[str, int | str]] = list(CHANNEL_OPTIONS)
        token = metadata_of(self._options)
        bearers: list[grpc.aio.ClientInterceptor] = []
        if token:
            bearers = [AioUnaryBearer(token), AioStreamBearer(token)]
        if tls is None:
            channel = grpc.aio.insecure_channel(target, settings, interceptors=bearers)
        else:
            credentials = grpc.ssl_channel_credentials(tls.ca, tls.key, tls.cert)
            if tls.server_name is not None:
                settings.append(("grpc.ssl_target_name_override", tls.server_name))
            channel = grpc.aio.secure_channel(target, credentials, settings, interceptors=bearers)
        self._channels.append(channel)
        return cast("DlqServiceAsyncStub", DlqServiceStub(channel))

    async def flush(self, timeout: float | None = None) -> None:
        """Until everything sent so far has its result, and `on_dropped` was told of what was dropped."""
        if not self._is_closed:  # then everything has
            await asyncio.wrap_future(self.engine.flush(timeout))

    async def close(self, timeout: float | None = None) -> None:
        """Stops the workers, waits for what is pending, and moves the rest to the spool.

        `timeout`: seconds to wait for handlers, and for sends. Default: as long as workers drain and
        sends try.
        """
        await asyncio.gather(*(worker.stop(timeout) for worker in self._workers))
        if self._is_closed:
            return
        engine = self.engine
        self._is_closed = True
        await asyncio.wrap_future(engine.close(timeout))
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
