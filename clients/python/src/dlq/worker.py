"""Workers whose handlers run in threads."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

from typing_extensions import Self

from ._core.async_functions import is_async, require_handler
from ._core.durations import Seconds, optional_seconds
from ._engine.current import current_deliveries
from ._engine.gevent_check import require_gevent_support
from ._engine.handler_run import HandlerRun
from ._engine.stop_signals import CHECK_EVERY_S, stopped_by_signals
from ._engine.worker_core import WorkerCore
from .delivery import Delivery
from .errors import DlqClientError
from .middleware import wrapped
from .outcome import Outcome
from .worker_options import HandlerCalls, WorkerOptions

if TYPE_CHECKING:
    from .client import Client

Handler: TypeAlias = Callable[[Delivery], "Outcome | None"]
"""Processes one delivery. If it returns None the delivery succeeded, if it raises it failed. It may return
an outcome of `release`, `quarantine`, `discard` or `fail`. It must not be async: see `dlq.aio`."""

BatchHandler: TypeAlias = Callable[[list[Delivery]], "Sequence[Outcome | None] | Outcome | None"]
"""Processes several deliveries at once. If it returns None all succeeded, if it raises all failed. An outcome
is that of all; a list has the outcome of each, in order, None for success."""


class ThreadRunner:
    """Runs handlers in threads. Starts a thread when all are busy, and keeps it."""

    def __init__(self, handler: Callable[[Sequence[Delivery]], object]) -> None:
        self._handler = handler
        self._work: queue.SimpleQueue[HandlerRun | None] = queue.SimpleQueue()
        self._threads = 0
        self._busy = 0
        self._lock = threading.Lock()
        self.core: WorkerCore | None = None

    def start(self, run: HandlerRun) -> None:
        with self._lock:
            self._busy += 1
            if self._busy > self._threads:
                self._add_thread()
        self._work.put(run)

    def cancel(self, run: HandlerRun) -> None:
        """Does nothing: a thread can't be cancelled. The handler must check `delivery.cancelled`."""

    def close(self) -> None:
        for _ in range(self._threads):
            self._work.put(None)

    def _add_thread(self) -> None:
        name = f"dlq-handler-{self._threads + 1}"
        try:
            threading.Thread(target=self._run, name=name, daemon=True).start()
            self._threads += 1
        except (
            RuntimeError
        ):  # the system has no more threads; an existing one runs the handler later
            if self._threads == 0:
                raise

    def _run(self) -> None:
        while (run := self._work.get()) is not None:
            contextvars.copy_context().run(self._handle, run)

    def _handle(self, run: HandlerRun) -> None:
        returned: object = None
        error: BaseException | None = None
        try:
            with run:
                returned = self._handler(run.deliveries)
        except BaseException as raised:  # SystemExit too: a handler must not end its thread
            error = raised
        with self._lock:
            self._busy -= 1
        if self.core is not None:
            self.core.ended(run, returned, error)


class Worker:
    """Created by `Client.worker`. `run(handler)` works until it is stopped; `start(handler)` works in the
    background. `run_batches` and `start_batches` are for handlers that process several deliveries at once."""

    def __init__(self, client: Client, options: WorkerOptions) -> None:
        self._client = client
        self._options = options
        self._core: WorkerCore | None = None
        self._runner: ThreadRunner | None = None
        self._is_stopped = False

    def start(self, handler: Handler) -> Self:
        """Works in the background."""
        calls = self._options.calls(is_batch=False)
        _require_plain(handler)
        call = wrapped(handler, self._options.middleware)
        return self._start(calls, lambda deliveries: call(deliveries[0]))

    def start_batches(self, handler: BatchHandler) -> Self:
        """Works in the background. The handler gets the deliveries that wait, without waiting for more."""
        calls = self._options.calls(is_batch=True)
        _require_plain(handler)
        return self._start(calls, lambda deliveries: handler(list(deliveries)))

    def _start(self, calls: HandlerCalls, handle: Callable[[Sequence[Delivery]], object]) -> Self:
        if self._core is not None:
            raise RuntimeError("the worker has been started; make another one")
        if self._client._is_closed:
            raise DlqClientError("closed", "the client is closed; make another one")
        require_gevent_support()
        runner = self._runner = ThreadRunner(handle)
        engine = self._client.engine

        async def begin() -> WorkerCore:
            runner.core = WorkerCore(engine, self._client, self._options, calls, runner)
            return runner.core

        self._core = engine.run(begin()).result()
        self._core.done.add_done_callback(self._on_done)
        if self._is_stopped:
            self._request_stop()
        return self

    def run(self, handler: Handler, *, handle_signals: bool = True) -> None:
        """Works until `stop` is called; in the main thread also until SIGINT or SIGTERM.

        Raises DlqClientError if the server refuses the worker's stream.
        """
        self.start(handler)
        self._run(handle_signals)

    def run_batches(self, handler: BatchHandler, *, handle_signals: bool = True) -> None:
        """Like `run`, with a handler of several deliveries."""
        self.start_batches(handler)
        self._run(handle_signals)

    def _run(self, handle_signals: bool) -> None:
        with stopped_by_signals(self._request_stop, handle_signals):
            self.wait()

    def wait(self, timeout: Seconds | None = None) -> None:
        """Waits until the worker has stopped. Raises the same errors as `run`."""
        if self._core is None:
            raise RuntimeError("the worker has not been started")
        done: Future[None] = self._core.done
        timeout_s = optional_seconds("timeout", timeout)
        while timeout is None and not done.done():
            wait([done], timeout=CHECK_EVERY_S)
        done.result(timeout_s)

    def stop(self, timeout: Seconds | None = None) -> None:
        """Takes no more messages, waits for running handlers (`timeout` seconds; default: the worker's
        `drain_timeout`), reports their outcomes, and releases the rest. In a handler, or a callback of
        `send_soon`, it returns at once. A worker that is started later stops at once."""
        self._is_stopped = True
        if self._core is None:
            return
        self._request_stop(timeout)
        if current_deliveries.get() or self._client.engine.is_current:
            return
        try:
            self._core.done.result()
        except DlqClientError:
            pass  # `run` raises it, and `on_error` reports it

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _request_stop(self, timeout: Seconds | None = None) -> None:
        core = self._core
        timeout_s = optional_seconds("timeout", timeout)
        if core is not None and not core.done.done():
            try:
                self._client.engine.loop.call_soon_threadsafe(core.stop, timeout_s)
            except RuntimeError:
                pass  # the client was closed

    def _on_done(self, _: object) -> None:
        if self._runner is not None:
            self._runner.close()
        if self in self._client._workers:
            self._client._workers.remove(self)


def _require_plain(handler: object) -> None:
    require_handler(handler)
    if is_async(handler):
        raise TypeError("the handler is a coroutine function; use dlq.aio.Client for those")
