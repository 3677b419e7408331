"""Logs why messages wait in the spool, so that an operator can fix it, for example a wrong token."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import Future

from .._core.call_error import NO_ANSWER, CallError
from .._core.log import log as _log
from .._engine.log_thread import LogThread

_LOG_EVERY_S = 60.0
_MAX_WRITE_S = 1.0
"""How long a send waits for the line. The program's log handler may itself wait for that send."""


class SpoolWarning:
    """At most one warning a minute, and one line when the spool is empty after it."""

    def __init__(
        self, target: str, log_thread: LogThread, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._target = target
        self._log_thread = log_thread
        self._clock = clock
        self._logged_at = -math.inf
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
            reason = NO_ANSWER
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
        left_s = self._logged_at + _MAX_WRITE_S - self._clock()
        if self._line is not None and not self._line.done() and left_s > 0:
            await self._log_thread.wait(_MAX_WRITE_S, time.monotonic() + left_s)

    def _write(self, write: Callable[[], None]) -> None:
        self._line = self._log_thread.submit(write)
