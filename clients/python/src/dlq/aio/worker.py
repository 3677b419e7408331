"""Workers whose handlers run as tasks."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from typing_extensions import Self

from .._core.async_functions import is_async, require_handler
from .._core.durations import Seconds, optional_seconds
from .._engine.current import current_deliveries
from .._engine.handler_run import HandlerRun
from .._engine.stop_signals import CHECK_EVERY_S, stopped_by_signals
from .._engine.worker_core import WorkerCore
from ..delivery import Delivery
from ..errors import DlqClientError
from ..middleware import AsyncMiddleware, Middleware, wrapped, wrapped_async
from ..outcome import Outcome
from ..worker import ThreadRunner
from ..worker_options import HandlerCalls, WorkerOptions

if TYPE_CHECKING:
    from .client import Client

AsyncHandler: TypeAlias = Callable[[Delivery], "Awaitable[Outcome | None] | Outcome | None"]
"""Processes one delivery. If it returns None the delivery succeeded, if it raises it failed. It may return
an outcome of `release`, `quarantine`, `discard` or `fail`. A plain function runs in a thread."""

_BatchResult: TypeAlias = "Sequence[Outcome | None] | Outcome | None"

AsyncBatchHandler: TypeAlias = Callable[[list[Delivery]], "Awaitable[_BatchResult] | _BatchResult"]
"""Processes several deliveries at once, with the results of `dlq.BatchHandler`. It is cancelled when all of its
deliveries are. A plain function runs in a thread."""


class TaskRunner:
    """Runs each async handler as a task in the event loop that started the worker."""

    def __init__(
        self,
        handler: Callable[[Sequence[Delivery]], Awaitable[object]],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._handler = handler
        self._loop = loop
        self._tasks: dict[HandlerRun, asyncio.Task[None]] = {}
        self.core: WorkerCore | None = None

    def start(self, run: HandlerRun) -> None:
        self._post(self._begin, run)

    def cancel(self, run: HandlerRun) -> None:
        self._post(self._end, run)

    def close(self) -> None:
        """Has nothing to end."""

    def _post(self, act: Callable[[HandlerRun], None], run: HandlerRun) -> None:
        try:
            self._loop.call_soon_threadsafe(act, run)
        except RuntimeError:
            pass  # the program's loop has ended; the lease will expire

    def _begin(self, run: HandlerRun) -> None:
        task = self._tasks[run] = self._loop.create_task(self._handle(run))
        task.add_done_callback(lambda _: self._on_done(run))

    def _end(self, run: HandlerRun) -> None:
        task = self._tasks.get(run)
        if task is not None:
            task.cancel()

    def _on_done(self, run: HandlerRun) -> None:
        del self._tasks[run]
        if not run.has_begun and self.core is not None:
            # A task that was cancelled before its first step runs no code of its own.
            self.core.ended(run, None, asyncio.CancelledError())

    async def _handle(self, run: HandlerRun) -> None:
        returned: object = None
        error: BaseException | None = None
        try:
            with run:
                returned = await self._handler(run.deliveries)
        except (Exception, asyncio.CancelledError) as raised:
            error = raised
        except BaseException as raised:
            error = raised
            raise
        finally:
            if self.core is not None:
                self.core.ended(run, returned, error)


class FunctionRunner(ThreadRunner):
    """Runs plain functions in threads. What one returns is awaited in the event loop, if it can be."""

    def __init__(
        self,
        handler: Callable[[Sequence[Delivery]], object],
        loop: asyncio.AbstractEventLoop,
        middleware: Sequence[Middleware | AsyncMiddleware] = (),
    ) -> None:
        """`middleware` gets what was awaited."""
        call = wrapped(lambda delivery: self._call([delivery]), middleware)
        super().__init__((lambda deliveries: call(deliveries[0])) if middleware else self._call)
        self._function = handler
        self._loop = loop
        self._awaited: dict[Delivery, Future[object]] = {}
        """By the first delivery."""

    def cancel(self, run: HandlerRun) -> None:
        awaited = self._awaited.get(run.deliveries[0])
        if awaited is not None:
            awaited.cancel()

    def _call(self, deliveries: Sequence[Delivery]) -> object:
        returned = self._function(deliveries)
        if not inspect.isawaitable(returned):
            return returned
        awaited = asyncio.run_coroutine_threadsafe(_result_of(returned), self._loop)
        self._awaited[deliveries[0]] = awaited
        if all(delivery.cancelled for delivery in deliveries):
            awaited.cancel()
        try:
            return awaited.result()
        finally:
            del self._awaited[deliveries[0]]


async def _result_of(awaitable: Awaitable[object]) -> object:
    return await awaitable


async def _wake_regularly() -> None:
    """Python calls the handler of a signal when the event loop wakes."""
    while True:  # noqa: ASYNC110  # time is what it waits for
        await asyncio.sleep(CHECK_EVERY_S)


class Worker:
    """Created by `Client.worker`. `await run(handler)` works until it is stopped; `await start(handler)` works
    in the background. `run_batches` and `start_batches` are for handlers that process several deliveries at once."""

    def __init__(self, client: Client, options: WorkerOptions) -> None:
        self._client = client
        self._options = options
        self._core: WorkerCore | None = None
        self._runner: TaskRunner | FunctionRunner | None = None
        self._is_stopped = False

    async def start(self, handler: AsyncHandler) -> Self:
        """Works in the background."""
        require_handler(handler)
        calls = self._options.calls(is_batch=False)
        loop, middleware = asyncio.get_running_loop(), self._options.middleware
        if is_async(handler):
            call = wrapped_async(handler, middleware)  # type: ignore[arg-type]
            return await self._start(TaskRunner(lambda all_: call(all_[0]), loop), calls)
        return await self._start(
            FunctionRunner(lambda all_: handler(all_[0]), loop, middleware), calls
        )

    async def start_batches(self, handler: AsyncBatchHandler) -> Self:
        """Works in the background. The handler gets the deliveries that wait, without waiting for more."""
        require_handler(handler)
        calls = self._options.calls(is_batch=True)
        kind: Any = TaskRunner if is_async(handler) else FunctionRunner
        runner = kind(lambda all_: handler(list(all_)), asyncio.get_running_loop())
        return await self._start(runner, calls)

    async def _start(self, runner: TaskRunner | FunctionRunner, calls: HandlerCalls) -> Self:
        if self._core is not None:
            raise RuntimeError("the worker has been started; make another one")
        if self._client._is_closed:
            raise DlqClientError("closed", "the client is closed; make another one")
        self._runner = runner
        engine = self._client.engine

        async def begin() -> WorkerCore:
            runner.core = WorkerCore(engine, self._client, self._options, calls, runner)
            return runner.core

        self._core = await asyncio.wrap_future(engine.run(begin()))
        self._core.done.add_done_callback(self._on_done)
        if self._is_stopped:
            self._request_stop()
        return self

    async def run(self, handler: AsyncHandler, *, handle_signals: bool = True) -> None:
        """Works until `stop` is called or the waiting task is cancelled; in the main thread also until SIGINT or
        SIGTERM. A handler of the program for these signals, such as a web server's, is called, too.

        Raises DlqClientError if the server refuses the worker's stream.
        """
        await self.start(handler)
        await self._run(handle_signals)

    async def run_batches(self, handler: AsyncBatchHandler, *, handle_signals: bool = True) -> None:
        """Like `run`, with a handler of several deliveries."""
        await self.start_batches(handler)
        await self._run(handle_signals)

    async def _run(self, handle_signals: bool) -> None:
        with stopped_by_signals(self._request_stop, handle_signals, calls_former=True):
            waking = asyncio.create_task(_wake_regularly())
            try:
                await self.wait()
            except asyncio.CancelledError:
                await self.stop()
                raise
            finally:
                waking.cancel()

    async def wait(self) -> None:
        """Waits until the worker has stopped. Raises the same errors as `run`."""
        if self._core is None:
            raise RuntimeError("the worker has not been started")
        await asyncio.shield(asyncio.wrap_future(self._core.done))

    async def stop(self, timeout: Seconds | None = None) -> None:
        """Takes no more messages, waits for running handlers (`timeout` seconds; default: the worker's
        `drain_timeout`), reports their outcomes, and releases the rest. In a handler it returns at
        once. A worker that is started later stops at once."""
        self._is_stopped = True
        if self._core is None:
            return
        self._request_stop(timeout)
        if current_deliveries.get():
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
        if self._runner is not None:
            self._runner.close()
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
