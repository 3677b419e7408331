"""The client for programs without asyncio."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from datetime import timedelta
from types import TracebackType

import grpc
from typing_extensions import Self, Unpack

from ._core.async_functions import is_async
from ._core.durations import Seconds, optional_seconds
from ._engine.connection import Connection
from ._engine.token_interceptor import TokenInterceptor
from .base_client import BaseClient
from .errors import DlqClientError
from .options import ClientSettings, SendOptions
from .results import SendResult
from .v1.dlq_admin_service_pb2_grpc import DlqAdminServiceStub
from .v1.dlq_service_pb2_grpc import DlqServiceStub
from .worker import Worker
from .worker_options import WorkerSettings, options_of


class Client(BaseClient):
    __doc__ = BaseClient.__doc__

    def __init__(self, target: str = "localhost:50051", **settings: Unpack[ClientSettings]) -> None:
        if is_async(settings.get("token")):
            raise TypeError("token is a coroutine function; use dlq.aio.Client for those")
        super().__init__(target, **settings)
        self._workers: list[Worker] = []
        self._stub_connection: Connection | None = None

    def send(
        self,
        queue: str,
        payload: object,
        error: object = None,
        **options: Unpack[SendOptions],
    ) -> SendResult:
        """Sends a message that could not be processed. Never raises: check `status` of the result. Blocks for `timeout`
        at most; in a coroutine use `dlq.aio.Client`, or `send_soon`.

        `payload` is text, bytes, a delivery, or any value that JSON can encode; `error` is the exception.
        """
        return self.submit(queue, payload, error, options).result()

    def send_soon(
        self,
        queue: str,
        payload: object,
        error: object = None,
        **options: Unpack[SendOptions],
    ) -> Future[SendResult]:
        """Like `send`, but returns a future. Sends at the same time share calls.

        Callbacks of the future must not block: they run in the thread that sends. In one, `send` raises RuntimeError
        instead of waiting, and the message is sent nevertheless: call `send_soon`.
        """
        return self.submit(queue, payload, error, options)

    def worker(self, queues: Sequence[str] | str, **settings: Unpack[WorkerSettings]) -> Worker:
        """Returns a worker for these queues, which must be started. See WorkerSettings."""
        if self._is_closed:
            raise DlqClientError("closed", "the client is closed; make another one")
        worker = Worker(self, options_of(queues, settings))
        self._workers.append(worker)
        return worker

    def ping(self, timeout: Seconds | None = None) -> timedelta:
        """Asks the service once, with the token, and the service its store. Returns the time that it took. Raises
        DlqClientError.

        `timeout`: default that of the client.
        """
        return self._ping(timeout).result()

    @property
    def stub(self) -> DlqServiceStub:
        """The generated stub of producers and workers, for all RPCs of DlqService."""
        return DlqServiceStub(self._stub_channel())

    @property
    def admin_stub(self) -> DlqAdminServiceStub:
        """The generated stub of operators, for all RPCs of DlqAdminService: queues, breakers, rules, simulations."""
        return DlqAdminServiceStub(self._stub_channel())

    def _stub_channel(self) -> grpc.Channel:
        """Of the program's own calls; closed with the client."""
        if self._is_closed:
            raise DlqClientError("closed", "the client is closed; make another one")
        if self._stub_connection is None:
            self._stub_connection = Connection(self._options)
        channel, tokens = self._stub_connection.channel, self._stub_connection.tokens
        if tokens.is_empty:
            return channel
        return grpc.intercept_channel(channel, TokenInterceptor(tokens))

    def flush(self, timeout: Seconds | None = None) -> None:
        """Waits until all earlier sends have a result and all drops are reported."""
        if not self._is_closed:  # a closed client has no pending sends
            self.engine.flush(optional_seconds("timeout", timeout)).result()

    def close(self, timeout: Seconds | None = None) -> None:
        """Stops the workers, waits for pending sends, and moves the rest to the spool. Must not be called in a handler,
        for which it waits.

        `timeout`: seconds to wait for handlers, and for sends. Default: the workers' `drain_timeout`, and
        the timeout of each send.
        """
        workers = list(self._workers)
        for worker in workers:
            worker._request_stop(timeout)  # stop all before waiting for the first
        for worker in workers:
            worker.stop(timeout)
        if self._is_closed:
            return
        engine = self.engine
        closed = engine.close(optional_seconds("timeout", timeout))
        self._is_closed = True
        self._metrics.close()
        closed.result()
        engine.join()
        if self._stub_connection is not None:
            self._stub_connection.close()

    def _after_fork(self) -> None:
        super()._after_fork()
        self._workers = []
        self._stub_connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
