"""The background part of one client in one process."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from .._core.letter import Letter
from .._core.log import log as _log
from .._core.send_book import PendingSend
from ..errors import DlqClientError
from ..options import ClientOptions, spool_target_of
from ..results import SendResult
from ..spool.courier import Courier
from ..spool.spool import Spool
from .connection import Connection, Line
from .drop_report import DropReport
from .sender import Sender

_T = TypeVar("_T")

_MOST_END_S = 10.0
"""How long the end of the program may be held up."""

_running: weakref.WeakSet[Engine] = weakref.WeakSet()


class RunningWorker(Protocol):
    done: Future[None]

    def stop(self, timeout_s: float | None = None) -> None: ...


class Engine:
    """An event loop in a daemon thread, with the line to the service, the sender and the spool."""

    def __init__(self, options: ClientOptions) -> None:
        self._options = options
        self._inbox: deque[PendingSend] = deque()
        self._inbox_lock = threading.Lock()
        self._is_told = False
        self._is_closed = False
        self.pid: int = os.getpid()
        self.workers: set[RunningWorker] = set()
        """Those that have not ended."""
        self.loop: asyncio.AbstractEventLoop = asyncio.new_event_loop()
        self.report: DropReport = DropReport(options.on_dropped)
        started = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(started,), name="dlq-client", daemon=True
        )
        self._thread.start()
        started.wait()
        _running.add(self)

    @property
    def is_of_this_process(self) -> bool:
        return self.pid == os.getpid()

    def connect(self) -> Connection:
        return Connection(self._options)

    def submit(self, letter: Letter, timeout_s: float) -> Future[SendResult]:
        """From any thread."""
        future: Future[SendResult] = Future()
        send = PendingSend(letter, time.monotonic() + timeout_s, future)
        with self._inbox_lock:
            if not self._is_closed:
                self._inbox.append(send)
                if not self._is_told:
                    self._is_told = True
                    self.loop.call_soon_threadsafe(self._empty_inbox)
                return future
        future.set_result(self.report.dropped(CLOSED, letter.request.queue))
        return future

    def run(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Starts it in the engine's loop. From any thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def flush(self, timeout_s: float | None) -> Future[None]:
        """Until what is pending has its result, and what was dropped is told."""
        return self.run(self._flush(timeout_s, is_told_after=not self.report.is_telling_here))

    def close(self, timeout_s: float | None) -> Future[None]:
        """Waits for what is pending, then moves the rest to the spool, and tells what was dropped."""
        return self.run(self._close(timeout_s, is_told_after=not self.report.is_telling_here))

    def join(self) -> None:
        """Until its thread has ended; not in that thread."""
        self._thread.join()

    def forget(self) -> None:
        """In a forked process: what was here is the parent's."""
        _running.discard(self)

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.call_soon(self._begin, started)
        try:
            self.loop.run_forever()
        finally:
            self.loop.close()

    def _begin(self, started: threading.Event) -> None:
        options = self._options
        self.line: Line = Line(self.connect)
        self.courier: Courier | None = None
        spool = options.spool
        if spool is not None:
            self.courier = Courier(
                lambda: Spool(spool, spool_target_of(options.target), options.service),
                self.line,
                self.report.tell,
            )
        self.sender: Sender = Sender(options, self.line, self.courier, self.report.tell)
        if self.courier is not None:
            self.courier.on_heard = self.sender.hurry
            self.courier.on_unheard = self.sender.book.unheard
        started.set()

    def _empty_inbox(self) -> None:
        with self._inbox_lock:
            self._is_told = False
            sends = list(self._inbox)
            self._inbox.clear()
        self.sender.add(sends)

    async def _flush(self, timeout_s: float | None, *, is_told_after: bool) -> None:
        until = None if timeout_s is None else time.monotonic() + timeout_s
        self._empty_inbox()
        await self.sender.flush(timeout_s)
        if is_told_after:
            await self.report.told(None if until is None else max(0.0, until - time.monotonic()))

    async def _close(self, timeout_s: float | None, *, is_told_after: bool) -> None:
        workers = list(self.workers)
        for worker in workers:
            worker.stop(timeout_s)
        if workers:
            await asyncio.wait([asyncio.wrap_future(worker.done) for worker in workers])
        await self._flush(timeout_s, is_told_after=False)
        with self._inbox_lock:
            self._is_closed = True
        self._empty_inbox()
        try:
            await self.sender.close()
            if self.courier is not None:
                await self.courier.close()
            if is_told_after:
                await self.report.told(None if timeout_s is None else max(timeout_s, _MOST_END_S))
        finally:
            self.line.close()
            self.report.close()
            _running.discard(self)
            self.loop.call_later(0.05, self.loop.stop)


CLOSED = DlqClientError("closed", "the client is closed; send before that")


def _close_all() -> None:
    """At the end of the interpreter: what is pending is kept in files, what workers hold is given back."""
    for engine in list(_running):
        if engine.is_of_this_process:
            try:
                engine.close(0).result(timeout=_MOST_END_S)
            except Exception as error:
                _log.debug("dlq: a client could not be closed at exit: %s", error)


def _register() -> None:
    import atexit

    atexit.register(_close_all)


_register()
