"""Workers whose handlers run as tasks."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import signal
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

from typing_extensions import Self

from .._core.durations import Seconds, optional_seconds
from .._engine.current import current_delivery
from .._engine.trace import within_trace
from .._engine.worker_core import WorkerCore
from ..delivery import Delivery
from ..errors import DlqClientError
from ..outcome import Outcome
from ..worker_options import WorkerOptions

if TYPE_CHECKING:
    from .client import Client

AsyncHandler: TypeAlias = Callable[[Delivery], "Awaitable[Outcome | None] | Outcome | None"]
"""Processes one delivery. If it returns None the delivery succeeded, if it raises it failed. It may return
an outcome of `release`, `quarantine`, `discard` or `fail`. A plain function runs in a thread."""


class TaskRunner:
    """Runs each handler as a task in the event loop that started the worker."""

    def __init__(self, handler: AsyncHandler, loop: asyncio.AbstractEventLoop) -> None:
        self._handler = handler
        self._is_async = inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
            getattr(handler, "__call__", None)  # noqa: B004  # a callable object
        )
        self._loop = loop
        self._tasks: dict[Delivery, asyncio.Task[None]] = {}
        self.core: WorkerCore | None = None

    def start(self, delivery: Delivery) -> None:
        self._post(self._begin, delivery)

    def cancel(self, delivery: Delivery) -> None:
        self._post(self._end, delivery)

    def _post(self, act: Callable[[Delivery], None], delivery: Delivery) -> None:
        try:
            self._loop.call_soon_threadsafe(act, delivery)
        except RuntimeError:
            pass  # the program's loop has ended; the lease will expire

    def _begin(self, delivery: Delivery) -> None:
        context = contextvars.copy_context()
        context.run(current_delivery.set, delivery)
        self._tasks[delivery] = context.run(self._loop.create_task, self._handle(delivery))

    def _end(self, delivery: Delivery) -> None:
        task = self._tasks.get(delivery)
        if task is not None:
            task.cancel()

    async def _handle(self, delivery: Delivery) -> None:
        returned: object = None
        error: BaseException | None = None
        try:
            with within_trace(delivery.trace_context):
                if self._is_async:
                    returned = await self._handler(delivery)  # type: ignore[misc]
                else:
                    returned = await asyncio.to_thread(self._handler, delivery)
                if inspect.isawaitable(returned):
                    returned = await returned
        except (Exception, asyncio.CancelledError) as raised:
            error = raised
        except BaseException as raised:
            self._end_handler(delivery, returned, raised)
            raise
        self._end_handler(delivery, returned, error)

    def _end_handler(
        self, delivery: Delivery, returned: object, error: BaseException | None
    ) -> None:
        del self._tasks[delivery]
        if self.core is not None:
            self.core.ended(delivery, returned, error)


class Worker:
    """Created by `Client.worker`. `await run(handler)` works until it is stopped; `await start(handler)` works
    in the background."""

    def __init__(self, client: Client, options: WorkerOptions) -> None:
        self._client = client
        self._options = options
        self._core: WorkerCore | None = None

    async def start(self, handler: AsyncHandler) -> Self:
        """Works in the background."""
        if self._core is not None:
            raise RuntimeError("the worker has been started; make another one")
        runner = TaskRunner(handler, asyncio.get_running_loop())
        engine = self._client.engine

        async def begin() -> WorkerCore:
            runner.core = WorkerCore(engine, self._client, self._options, runner)
            return runner.core

        self._core = await asyncio.wrap_future(engine.run(begin()))
        self._core.done.add_done_callback(self._on_done)
        return self

    async def run(self, handler: AsyncHandler, *, handle_signals: bool = False) -> None:
        """Works until `stop` is called or the waiting task is cancelled; with `handle_signals` also until
        SIGINT or SIGTERM.

        Raises DlqClientError if the server refuses the worker's stream.
        """
        await self.start(handler)
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM) if handle_signals else ()
        for one in signals:
            loop.add_signal_handler(one, self._request_stop)
        try:
            await self.wait()
        except asyncio.CancelledError:
            await self.stop()
            raise
        finally:
            for one in signals:
                loop.remove_signal_handler(one)

    async def wait(self) -> None:
        """Waits until the worker has stopped. Raises the same errors as `run`."""
        if self._core is None:
            raise RuntimeError("the worker has not been started")
        await asyncio.shield(asyncio.wrap_future(self._core.done))

    async def stop(self, timeout: Seconds | None = None) -> None:
        """Takes no more messages, waits for running handlers (`timeout` seconds; default: the worker's
        `drain_timeout`), reports their outcomes, and releases the rest. In a handler it returns at once."""
        if self._core is None:
            return
        self._request_stop(timeout)
        if current_delivery.get() is not None:
            return
        try:
            await self.wait()
        except DlqClientError:
            pass  # `run` raises it, and `on_error` reports it

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def _on_done(self, _: object) -> None:
        if self in self._client._workers:
            self._client._workers.remove(self)

    def _request_stop(self, timeout: Seconds | None = None) -> None:
        core = self._core
        timeout_s = optional_seconds("timeout", timeout)
        if core is not None and not core.done.done():
            try:
                self._client.engine.loop.call_soon_threadsafe(core.stop, timeout_s)
            except RuntimeError:
                pass  # the client was closed
