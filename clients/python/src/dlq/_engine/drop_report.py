"""Tells of dropped messages, away from the threads that must not wait."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

from .._core.log import log as _log
from ..errors import DlqClientError
from ..results import Dropped
from .serial_thread import SerialThread

_LINE_EVERY_S = 1.0
_MOST_CALL_S = 5.0
"""How long one call of `on_dropped` is waited for: it may itself wait for who waits here."""


class DropReport:
    """By `on_dropped`; without one, the first at once in the log, then at most one line a second."""

    def __init__(self, on_dropped: Callable[[DlqClientError, str], object] | None) -> None:
        self._on_dropped = on_dropped
        self._thread: SerialThread | None = None
        self._is_closed = False
        self._next_line_at = 0.0
        self._untold = 0
        self._calls = 0

    def tell(self, error: DlqClientError, queue: str) -> None:
        if self._on_dropped is None:
            self._write(error, queue)
            return
        if self._is_closed:
            self._call(error, queue)  # in the caller's thread: no other one is left
            return
        if self._thread is None:
            self._thread = SerialThread("dlq-report")
        self._thread.submit(lambda: self._call(error, queue))

    @property
    def is_telling_here(self) -> bool:
        """The caller is `on_dropped` itself: whoever waits for it would wait for ever."""
        return self._thread is not None and self._thread.is_current

    async def told(self, timeout_s: float | None = None) -> None:
        """Until all of before is told, or the time is over, or one call takes too long."""
        if self._thread is None or self._is_closed:
            return
        until = math.inf if timeout_s is None else time.monotonic() + timeout_s
        told = asyncio.wrap_future(self._thread.submit(lambda: None))
        calls = -1
        while not told.done() and calls != self._calls and time.monotonic() < until:
            calls = self._calls
            left_s = max(0.0, until - time.monotonic())
            await asyncio.wait([told], timeout=min(left_s, _MOST_CALL_S))
        told.cancel()

    def dropped(self, error: DlqClientError, queue: str) -> Dropped:
        self.tell(error, queue)
        return Dropped(error)

    def close(self) -> None:
        """Tells the rest: the program may end now."""
        self._is_closed = True
        if self._untold:
            _log.error("dlq: %d more messages were dropped", self._untold)
            self._untold = 0
        if self._thread is not None:
            self._thread.stop()

    def _call(self, error: DlqClientError, queue: str) -> None:
        self._calls += 1
        try:
            if self._on_dropped is not None:
                self._on_dropped(error, queue)
        except Exception:
            _log.exception("dlq: on_dropped raised")

    def _write(self, error: DlqClientError, queue: str) -> None:
        now = time.monotonic()
        if now < self._next_line_at:
            self._untold += 1
            return
        more = f" ({self._untold} more since the last line)" if self._untold else ""
        self._next_line_at, self._untold = now + _LINE_EVERY_S, 0
        _log.error("dlq: a message for %s was dropped (%s): %s%s", queue, error.kind, error, more)
