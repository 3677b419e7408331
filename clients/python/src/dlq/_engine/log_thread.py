"""Writes the log lines of the client's own threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from .._core.log import log as _log
from .._core.log import write_lines_by
from .serial_thread import SerialThread

_MAX_WAITING = 1_000
"""Lines. More are left out."""


class LogThread(SerialThread):
    """A log handler of the program may block, also on a send of this client. Threads that sends need must not wait for
    it."""

    def __init__(self) -> None:
        super().__init__("dlq-log")
        self._lines: deque[Callable[[], None]] = deque()
        self._left_out = 0

    def use(self) -> None:
        """From now on this thread writes the lines of the current one."""
        write_lines_by(self._add)

    def _add(self, write: Callable[[], None]) -> None:
        if len(self._lines) >= _MAX_WAITING:
            self._left_out += 1
        else:
            self._lines.append(write)
            self.submit(self._write_next)

    def _write_next(self) -> None:
        left_out, self._left_out = self._left_out, 0
        if left_out:
            _log.warning("dlq: left out %d log lines: a log handler takes too long", left_out)
        self._lines.popleft()()
