"""Logs why messages wait in the spool, so that an operator can fix it, for example a wrong token."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import Future

from .._core.call_error import CallError
from .._core.log import log as _log
from .._engine.serial_thread import SerialThread

_LOG_EVERY_S = 60.0
_MAX_WRITE_S = 1.0
"""How long a send waits for the line. The program's log handler may itself wait for that send."""


class SpoolWarning:
    """At most one warning a minute, and one line when the spool is empty after it. Written in its own thread: a
    log handler of the program may block, also on this client."""

    def __init__(self, target: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._target = target
        self._clock = clock
        self._logged_at = -math.inf
        self._thread: SerialThread | None = None
        self._line: Future[None] | None = None
        self._is_open = False

    def warn(self, count: int, error: CallError | None) -> None:
        """`count` messages wait because of the error; None: the server did not answer."""
        now = self._clock()
        if now - self._logged_at < _LOG_EVERY_S:
            return
        self._logged_at = now
        self._is_open = True
        if error is None:
            reason = "the server did not answer"
        else:
            reason = error.text if error.is_retryable else str(error.as_client_error())
        text = "dlq: messages wait in the spool for %s (%d): %s; retrying"
        self._write(lambda: _log.warning(text, self._target, count, reason))

    def emptied(self) -> None:
        """No message waits. Logs it if the last line said that some do."""
        if self._is_open:
            self._is_open = False
            self._write(lambda: _log.info("dlq: the spool for %s is empty again", self._target))

    def stay(self, count: int) -> None:
        """`count` messages stay on disk, because the client is closed."""
        if count > 0:
            text = "dlq: messages stay in the spool for %s (%d); the next client with the same service and target sends them"
            self._write(lambda: _log.info(text, self._target, count))

    async def wait_written(self) -> None:
        """Waits until the last line is written, 1 s at most."""
        line = self._line
        if line is None or line.done():
            return
        left_s = self._logged_at + _MAX_WRITE_S - self._clock()
        written = asyncio.wrap_future(line)
        await asyncio.wait([written], timeout=max(0.0, left_s))
        if line.running():
            written.cancel()  # the thread writes it without this loop

    def close(self) -> None:
        if self._thread is not None:
            self._thread.stop()
            self._thread = None

    def _write(self, write: Callable[[], None]) -> None:
        try:
            if self._thread is None:
                self._thread = SerialThread("dlq-log")
        except RuntimeError:  # no thread can be started while the interpreter ends
            write()
        else:
            self._line = self._thread.submit(write)
