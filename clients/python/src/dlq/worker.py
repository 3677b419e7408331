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

from ._engine.current import current_delivery
from ._engine.trace import within_trace
from ._engine.worker_core import WorkerCore
from .delivery import Delivery
from .errors import DlqClientError
from .outcome import Outcome
from .worker_options import WorkerOptions

if TYPE_CHECKING:
    from .client import Client

_LOOK_EVERY_S = 0.5
"""A signal that comes just before a wait begins does not end it: its handler runs after the wait."""

Handler: TypeAlias = Callable[[Delivery], "Outcome | None"]
"""Processes one delivery. Returning means succeeded, raising means failed; `release`, `quarantine`,
`discard` and `fail` make outcomes to return instead."""


class ThreadRunner:
    """As many threads as are needed at a time, kept for the next delivery."""

    def __init__(self, handler: Callable[[Delivery], object]) -> None:
        self._handler = handler
        self._work: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._threads = 0
        self._busy = 0
        self._lock = threading.Lock()
        self.core: WorkerCore | None = None

    def start(self, held: Delivery) -> None:
        with self._lock:
            self._busy += 1
            if self._busy > self._threads:
                self._add_thread()
        self._work.put(held)

    def cancel(self, held: Delivery) -> None:
        """A thread can't be ended: the handler sees `delivery.cancelled`."""

    def close(self) -> None:
        for _ in range(self._threads):
            self._work.put(None)

    def _add_thread(self) -> None:
        name = f"dlq-handler-{self._threads + 1}"
        try:
            threading.Thread(target=self._run, name=name, daemon=True).start()
            self._threads += 1
        except RuntimeError:  # the system gives no more of them: those that are there take it
            if self._threads == 0:
                raise

    def _run(self) -> None:
        while (held := self._work.get()) is not None:
            contextvars.copy_context().run(self._handle, held)

    def _handle(self, held: Delivery) -> None:
        current_delivery.set(held)
        given: object = None
        error: BaseException | None = None
        try:
            with within_trace(held.trace_context):
                given = self._handler(held)
        except BaseException as raised:  # SystemExit too: a handler must not end its thread
            error = raised
        with self._lock:
            self._busy -= 1
        if self.core is not None:
            self.core.ended(held, given, error)


class Worker:
    """Made by `Client.worker`. Either `run(handler)` until it is stopped, or `start(handler)`."""

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
        """Works until `stop` is called, or until SIGINT or SIGTERM where this is the main thread.

        Raises DlqClientError if the server refuses what the worker asks for.
        """
        self.start(handler)
        with _stopped_by_signals(self._ask_to_stop, handle_signals):
            self.wait()

    def wait(self, timeout: float | None = None) -> None:
        """Until it has stopped. Raises as `run` does."""
        if self._core is None:
            raise RuntimeError("the worker has not been started")
        done: Future[None] = self._core.done
        while timeout is None and not done.done():
            wait([done], timeout=_LOOK_EVERY_S)
        done.result(timeout)

    def stop(self, timeout: float | None = None) -> None:
        """Takes nothing new, waits for running handlers (`timeout` seconds; default: the worker's
        `drain_timeout`), reports their outcomes, and gives the rest back. Within a handler it does not
        wait for that."""
        if self._core is None:
            return
        self._ask_to_stop(timeout)
        if current_delivery.get() is not None:
            return
        try:
            self._core.done.result()
        except DlqClientError:
            pass  # told by `run` and `on_error`

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _ask_to_stop(self, timeout: float | None = None) -> None:
        core = self._core
        if core is not None and not core.done.done():
            try:
                self._client.engine.loop.call_soon_threadsafe(core.stop, timeout)
            except RuntimeError:
                pass  # the client was closed

    def _on_done(self, _: object) -> None:
        if self._runner is not None:
            self._runner.close()
        if self in self._client._workers:
            self._client._workers.remove(self)


class _stopped_by_signals:
    def __init__(self, stop: Callable[[], None], wanted: bool) -> None:
        is_main = threading.current_thread() is threading.main_thread()
        self._signals = (signal.SIGINT, signal.SIGTERM) if wanted and is_main else ()
        self._stop = stop
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> None:
        for one in self._signals:
            self._before[one] = signal.signal(one, self._on_signal)

    def __exit__(self, *_: object) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop()
