"""The client for programs with threads, or with neither threads nor asyncio."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import TracebackType

import grpc
from typing_extensions import Self, Unpack

from ._engine.bearer import Bearer
from ._engine.connection import Connection
from .base_client import BaseClient
from .dead_letter import DeadLetter, decorate
from .errors import DlqClientError
from .options import ClientSettings, SendOptions
from .results import SendResult
from .v1.dlq_service_pb2_grpc import DlqServiceStub
from .worker import Worker
from .worker_options import WorkerSettings, options_of


class Client(BaseClient):
    __doc__ = BaseClient.__doc__

    def __init__(self, target: str = "localhost:50051", **settings: Unpack[ClientSettings]) -> None:
        super().__init__(target, **settings)
        self._workers: list[Worker] = []
        self._own: Connection | None = None

    def send(
        self,
        queue: str,
        payload: object,
        error: object = None,
        **options: Unpack[SendOptions],
    ) -> SendResult:
        """Hands over a message that could not be processed, and why. Never raises: look at `status`.

        `payload` is text, bytes, or anything that JSON can hold; `error` is what was raised.
        """
        return self.submit(queue, payload, error, options).result()

    def send_soon(
        self,
        queue: str,
        payload: object,
        error: object = None,
        **options: Unpack[SendOptions],
    ) -> Future[SendResult]:
        """As `send`, without waiting: many of these share calls."""
        return self.submit(queue, payload, error, options)

    def dead_letter(
        self,
        queue: str,
        *,
        payload: Callable[..., object] | None = None,
        send: SendOptions | Callable[..., SendOptions] | None = None,
    ) -> DeadLetter:
        """Decorates a function, also one of asyncio: what it raises is sent, and the call gives None.
        If the message could not be kept, the error is raised, so that whoever called keeps it.

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

    @property
    def stub(self) -> DlqServiceStub:
        """The generated stub, for every RPC as it is."""
        if self._own is None:
            self._own = Connection(self._options)
        if not self._own.metadata:
            return self._own.stub
        bearer = Bearer(self._own.metadata)
        return DlqServiceStub(grpc.intercept_channel(self._own.channel, bearer))

    def flush(self, timeout: float | None = None) -> None:
        """Until everything sent so far has its result, and `on_dropped` was told of what was dropped."""
        if not self._is_closed:  # then everything has
            self.engine.flush(timeout).result()

    def close(self, timeout: float | None = None) -> None:
        """Stops the workers, waits for what is pending, and moves the rest to the spool.

        `timeout`: seconds to wait for handlers, and for sends. Default: as long as workers drain and
        sends try.
        """
        workers = list(self._workers)
        for worker in workers:
            worker._ask_to_stop(timeout)  # all before any is waited for
        for worker in workers:
            worker.stop(timeout)
        if self._is_closed:
            return
        engine = self.engine
        self._is_closed = True
        engine.close(timeout).result()
        engine.join()
        if self._own is not None:
            self._own.close()

    def _after_fork(self) -> None:
        super()._after_fork()
        self._workers = []
        self._own = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
