"""The client's log. A log handler or filter of the program that raises has no effect on the client."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    _Adapter = logging.LoggerAdapter[logging.Logger]
else:
    _Adapter = logging.LoggerAdapter

WriteLine: TypeAlias = Callable[[Callable[[], None]], None]
"""Calls what it gets, which writes one line."""


class _OfThread(threading.local):
    write_line: WriteLine | None = None


_of_thread = _OfThread()


def write_lines_by(write_line: WriteLine) -> None:
    """Sets what writes the lines of the current thread. Otherwise the thread itself does."""
    _of_thread.write_line = write_line


class _SafeLogger(_Adapter):
    def log(self, level: int, msg: object, *args: object, **options: Any) -> None:
        try:
            record = self._record(level, msg, args, options.get("exc_info"))
            if _of_thread.write_line is None:
                self._handle(record)
            else:
                _of_thread.write_line(lambda: self._handle(record))
        except Exception:  # it can't be reported anywhere
            pass

    def _record(self, level: int, msg: object, args: Any, exc_info: Any) -> logging.LogRecord:
        """Returns a record of now, from the caller of the adapter."""
        if isinstance(exc_info, BaseException):
            exc_info = (type(exc_info), exc_info, exc_info.__traceback__)
        elif exc_info:
            exc_info = sys.exc_info()
        file, line, function, _ = self.logger.findCaller(stacklevel=3)
        name = self.logger.name
        return self.logger.makeRecord(name, level, file, line, msg, args, exc_info, function)

    def _handle(self, record: logging.LogRecord) -> None:
        if self.logger.isEnabledFor(record.levelno):
            self.logger.handle(record)


log: _SafeLogger = _SafeLogger(logging.getLogger("dlq"), {})
