"""Workers whose handlers run in threads."""

from __future__ import annotations

import contextvars
import inspect
import queue
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from typing_extensions import Self

from ._core.durations import Seconds, optional_seconds
from ._engine.current import current_delivery
from ._engine.trace import within_trace
from ._engine.worker_core import WorkerCore
from .delivery import Delivery
from .errors import DlqClientError
from .outcome import Outcome
from .worker_options import WorkerOptions

if TYPE_CHECKING:
    from .client import Client

_CHECK_EVERY_S = 0.5
"""A signal that arrives just before a wait begins does not interrupt it. So waits are short."""

Handler: TypeAlias = Callable[[Delivery], "Outcome | None"]
"""Processes one delivery. If it returns None the delivery succeeded, if it raises it failed. It may return
an outcome of `release`, `quarantine`, `discard` or `fail`."""


class ThreadRunner:
    """Runs handlers in threads. Starts a thread when all are busy, and keeps it."""

    def __init__(self, handler: Callable[[Delivery], object]) -> None:
        self._handler = handler
        self._work: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._threads = 0
        self._busy = 0
        self._lock = threading.Lock()
        self.core: WorkerCore | None = None

    def start(self, delivery: Delivery) -> None:
        with self._lock:
            self._busy += 1
            if self._busy > self._threads:
                self._add_thread()
        self._work.put(delivery)

    def cancel(self, delivery: Delivery) -> None:
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
        while (delivery := self._work.get()) is not None:
            contextvars.copy_context().run(self._handle, delivery)

    def _handle(self, delivery: Delivery) -> None:
        current_delivery.set(delivery)
        returned: object = None
        error: BaseException | None = None
        try:
            with within_trace(delivery.trace_context):
                returned = self._handler(delivery)
        except BaseException as raised:  # SystemExit too: a handler must not end its thread
            error = raised
        with self._lock:
            self._busy -= 1
        if self.core is not None:
            self.core.ended(delivery, returned, error)


class Worker:
    """Created by `Client.worker`. `run(handler)` works until it is stopped; `start(handler)` works in the
    background."""

    def __init__(self, client: Client, options: WorkerOptions) -> None:
        self._client = client
        self._options = options
        self._core: WorkerCore | None = None
        self._runner: ThreadRunner | None = None

    def start(self, handler: Handler) -> Self:
        """Works in the background."""
        if inspect.iscoroutinefunction(handler):
            raise TypeError("the handler is a coroutine function; use dlq.aio.Client for those")
        if self._core is not None:
            raise RuntimeError("the worker has been started; make another one")
        runner = self._runner = ThreadRunner(handler)
        engine = self._client.engine

        async def begin() -> WorkerCore:
            runner.core = WorkerCore(engine, self._client, self._options, runner)
            return runner.core

        self._core = engine.run(begin()).result()
        self._core.done.add_done_callback(self._on_done)
        return self

    def run(self, handler: Handler, *, handle_signals: bool = True) -> None:
        """Works until `stop` is called; in the main thread also until SIGINT or SIGTERM.

        Raises DlqClientError if the server refuses the worker's stream.
        """
        self.start(handler)
        with _stopped_by_signals(self._request_stop, handle_signals):
            self.wait()

    def wait(self, timeout: Seconds | None = None) -> None:
        """Waits until the worker has stopped. Raises the same errors as `run`."""
        if self._core is None:
            raise RuntimeError("the worker has not been started")
        done: Future[None] = self._core.done
        timeout_s = optional_seconds("timeout", timeout)
        while timeout is None and not done.done():
            wait([done], timeout=_CHECK_EVERY_S)
        done.result(timeout_s)

    def stop(self, timeout: Seconds | None = None) -> None:
        """Takes no more messages, waits for running handlers (`timeout` seconds; default: the worker's
        `drain_timeout`), reports their outcomes, and releases the rest. In a handler it returns at once."""
        if self._core is None:
            return
        self._request_stop(timeout)
        if current_delivery.get() is not None:
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


class _stopped_by_signals:
    def __init__(self, stop: Callable[[], None], is_enabled: bool) -> None:
        is_main = threading.current_thread() is threading.main_thread()
        self._signals = (signal.SIGINT, signal.SIGTERM) if is_enabled and is_main else ()
        self._stop = stop
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> None:
        for one in self._signals:
            self._previous[one] = signal.signal(one, self._on_signal)

    def __exit__(self, *_: object) -> None:
        for one, handler in self._previous.items():
            signal.signal(one, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop()
