"""The background part of one client in one process."""

from __future__ import annotations

import asyncio
import atexit
import math
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from dlq.v1.dlq_service_pb2 import StatsRequest

from .._core.log import log as _log
from .._core.send_queue import PendingSend
from .._core.send_request import SendRequest
from ..errors import DlqClientError
from ..options import ClientOptions, spool_target_of
from ..spool.spool_sender import SpoolSender
from ..spool.spool_store import SpoolStore
from ..spool.spool_warning import SpoolWarning
from ..status import ClientStatus, SendStatus
from .connection import CallFailed, Connection, ReconnectingChannel
from .drop_report import DropReport
from .log_thread import LogThread
from .outcome_watches import OutcomeWatches
from .send_future import WAIT_IN_CALLBACK, SendFuture
from .sender import Sender
from .token_source import TokenSource

_T = TypeVar("_T")

_PING = StatsRequest(queues=["ping"])
"""The queue need not exist."""
_MAX_EXIT_S = 10.0
"""How long the client may delay the exit of the program."""
_MAX_LINE_S = 5.0
"""How long `flush` and `close` wait for one line of the log. Its handler may itself wait for their caller."""

_running: weakref.WeakSet[Engine] = weakref.WeakSet()


class RunningWorker(Protocol):
    done: Future[None]

    def stop(self, timeout_s: float | None = None) -> None: ...


class Engine:
    """Runs an event loop in a daemon thread, with the channel to the service, the sender and the spool."""

    def __init__(self, options: ClientOptions) -> None:
        self._options = options
        self._inbox: deque[PendingSend] = deque()
        self._inbox_lock = threading.Lock()
        self._is_inbox_scheduled = False
        self._is_closed = False
        self.pid: int = os.getpid()
        self.workers: set[RunningWorker] = set()
        """All that have not ended."""
        self.loop: asyncio.AbstractEventLoop = asyncio.new_event_loop()
        self.tokens: TokenSource = TokenSource(options.token)
        self.drop_report: DropReport = DropReport(options.on_dropped)
        self._log_thread = LogThread()
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

    @property
    def is_current(self) -> bool:
        """The caller is the engine's thread, which can't wait for itself: a callback of a send."""
        return threading.current_thread() is self._thread

    def connect(self) -> Connection:
        return Connection(self._options, self.tokens)

    def status(self, sends: Mapping[SendStatus, int]) -> ClientStatus:
        """May be called from any thread."""
        reachability = self.sender.send_queue.reachability
        is_unavailable = reachability.is_unavailable(time.monotonic())
        error = reachability.last_error
        return ClientStatus(
            is_available=not is_unavailable,
            last_error=error.text if is_unavailable and error is not None else None,
            spool=None if self.spool_sender is None else self.spool_sender.usage,
            sends=sends,
        )

    async def ping(self, timeout_s: float) -> timedelta:
        """Makes one call. Raises DlqClientError."""
        began_at = time.monotonic()
        try:
            await self.channel.call(lambda stub: stub.Stats, _PING, timeout_s)
        except CallFailed as failed:
            target = spool_target_of(self._options.target)
            raise failed.error.as_ping_error(target) from failed
        self.sender.on_answered()
        return timedelta(seconds=time.monotonic() - began_at)

    def submit(self, request: SendRequest, timeout_s: float, future: SendFuture) -> None:
        """Starts a send. May be called from any thread."""
        future.set_by = self._thread
        report_drop = self.drop_report.report_of_send()
        send = PendingSend(request, time.monotonic() + timeout_s, future, report_drop)
        with self._inbox_lock:
            if not self._is_closed:
                self._inbox.append(send)
                if not self._is_inbox_scheduled:
                    self._is_inbox_scheduled = True
                    self.loop.call_soon_threadsafe(self._empty_inbox)
                return
        future.set_result(self.drop_report.dropped(CLOSED, request.proto.queue))

    def run(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Starts a coroutine in the engine's loop, for callers that wait for it. Raises RuntimeError in the engine's
        thread."""
        if self.is_current:
            work.close()
            raise RuntimeError(WAIT_IN_CALLBACK)
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def flush(self, timeout_s: float | None) -> Future[None]:
        """Waits until all pending sends have a result, all drops are reported, and all lines of the log written."""
        wait_for_reports = not self._is_called_by_report
        return self.run(self._flush(timeout_s, wait_for_reports=wait_for_reports))

    def close(self, timeout_s: float | None) -> Future[None]:
        """Waits for pending sends, moves the rest to the spool, and reports drops."""
        wait_for_reports = not self._is_called_by_report
        return self.run(self._close(timeout_s, wait_for_reports=wait_for_reports))

    def join(self) -> None:
        """Waits for the end of the engine's thread. Must not be called in that thread."""
        self._thread.join()

    def forget(self) -> None:
        """Called in a forked process: this engine runs in the parent only."""
        _running.discard(self)

    @property
    def _is_called_by_report(self) -> bool:
        """The caller is a callback or a log handler. Waiting for it would never end."""
        if self.outcome_watches is not None and self.outcome_watches.is_called_by_callback:
            return True
        return self.drop_report.is_called_by_callback or self._log_thread.is_current

    def _run(self, started: threading.Event) -> None:
        self._log_thread.use()
        asyncio.set_event_loop(self.loop)
        self.loop.call_soon(self._begin, started)
        try:
            self.loop.run_forever()
        finally:
            self.loop.close()
            self._log_thread.stop()

    def _begin(self, started: threading.Event) -> None:
        options = self._options
        report = self.drop_report.report
        self.channel: ReconnectingChannel = ReconnectingChannel(self.connect)
        self.spool_sender: SpoolSender | None = None
        spool = options.spool
        if spool is not None:
            target = spool_target_of(options.target)

            def make_store() -> SpoolStore:
                self._log_thread.use()  # for the spool's thread
                return SpoolStore(spool, target, options.service)

            warning = SpoolWarning(target, self._log_thread)
            self.spool_sender = SpoolSender(make_store, self.channel, warning, report)
        self.sender: Sender = Sender(options, self.channel, self.spool_sender)
        if self.spool_sender is not None:
            self.spool_sender.on_available = self.sender.retry_now
            self.spool_sender.on_unavailable = self.sender.send_queue.reachability.failed
        callbacks = options.outcome_callbacks
        self.outcome_watches: OutcomeWatches | None = None
        if callbacks:
            self.outcome_watches = OutcomeWatches(callbacks, self.channel)
            self.sender.on_accepted = self.outcome_watches.follow
            if self.spool_sender is not None:
                self.spool_sender.on_accepted = self.outcome_watches.follow
        started.set()

    def _empty_inbox(self) -> None:
        with self._inbox_lock:
            self._is_inbox_scheduled = False
            sends = list(self._inbox)
            self._inbox.clear()
        self.sender.add(sends)

    async def _flush(self, timeout_s: float | None, *, wait_for_reports: bool) -> None:
        until = _end_of(timeout_s)
        self._empty_inbox()
        await self.sender.flush(timeout_s)
        if wait_for_reports:
            await self.drop_report.wait_reported(until)
            await self._log_thread.wait(_MAX_LINE_S, until)

    async def _close(self, timeout_s: float | None, *, wait_for_reports: bool) -> None:
        until = _end_of(timeout_s)
        workers = list(self.workers)
        for worker in workers:
            worker.stop(timeout_s)
        if workers:
            await asyncio.wait([asyncio.wrap_future(worker.done) for worker in workers])
        await self._flush(timeout_s, wait_for_reports=False)
        with self._inbox_lock:
            self._is_closed = True
        self._empty_inbox()
        report_s = None if timeout_s is None else max(timeout_s, _MAX_EXIT_S)
        try:
            await self.sender.close()
            if self.spool_sender is not None:
                left_s = None if timeout_s is None else max(0.0, until - time.monotonic())
                reachability = self.sender.send_queue.reachability
                await self.spool_sender.send_rest(left_s, lambda: reachability.is_failing)
                await self.spool_sender.close()
            if self.outcome_watches is not None:
                await self.outcome_watches.close(wait=wait_for_reports)
            if wait_for_reports:
                await self.drop_report.wait_reported(_end_of(report_s))
        finally:
            self.channel.close()
            self.tokens.close()
            self.drop_report.close()
            _running.discard(self)
            try:
                if wait_for_reports:
                    await self._log_thread.wait(_MAX_LINE_S, _end_of(report_s))
            finally:
                self.loop.call_later(0.05, self.loop.stop)


def _end_of(timeout_s: float | None) -> float:
    """Returns a time of the monotonic clock."""
    return math.inf if timeout_s is None else time.monotonic() + timeout_s


CLOSED = DlqClientError("closed", "the client is closed; send before that")


def _close_all() -> None:
    """At exit, moves pending sends to the spool and releases the messages of workers."""
    for engine in list(_running):
        if engine.is_of_this_process:
            try:
                engine.close(0).result(timeout=_MAX_EXIT_S)
            except Exception as error:
                _log.debug("dlq: closing a client at exit failed: %s", error)


atexit.register(_close_all)
