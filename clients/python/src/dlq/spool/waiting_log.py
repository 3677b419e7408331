"""Says why letters wait: somebody may have to mend it, such as a token, and nothing else would say so."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import Future

from .._core.call_error import CallError
from .._core.log import log as _log
from .._engine.serial_thread import SerialThread

_TELL_EVERY_S = 60.0
_MOST_LINE_S = 1.0
"""How long a result waits for a line: the log's own handler may wait for that result."""


class WaitingLog:
    """At most one line a minute, whichever it is. Written in a thread of its own: a handler of the program
    may wait, also for this client."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told_at = -math.inf
        self._thread: SerialThread | None = None
        self._line: Future[None] | None = None

    def tell_of(self, error: CallError | None) -> None:
        """The last error of what was kept; None: nobody has answered."""
        now = self._clock()
        if now - self._told_at < _TELL_EVERY_S:
            return
        self._told_at = now
        if error is not None and not error.is_worth_again:
            self._write(f"keeps what is refused: {error.refusal()}")
        else:
            why = "the server did not answer" if error is None else error.words
            self._write(f"keeps what can't be delivered: {why}")

    async def told(self) -> None:
        """Until the line is written, or takes too long."""
        line = self._line
        if line is None or line.done():
            return
        left_s = self._told_at + _MOST_LINE_S - self._clock()
        told = asyncio.wrap_future(line)
        await asyncio.wait([told], timeout=max(0.0, left_s))
        if line.running():
            told.cancel()  # it goes on, without this loop

    def close(self) -> None:
        if self._thread is not None:
            self._thread.stop()
            self._thread = None

    def _write(self, words: str) -> None:
        def write() -> None:
            _log.warning("dlq: the spool %s", words)

        try:
            if self._thread is None:
                self._thread = SerialThread("dlq-log")
        except RuntimeError:  # the interpreter ends
            write()
        else:
            self._line = self._thread.submit(write)
