"""Reports dropped messages to `on_dropped` or the log, without blocking the threads that must not wait."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeAlias

from .._core.log import log as _log
from ..errors import DlqClientError
from ..results import Dropped
from .serial_thread import SerialThread

ReportDrop: TypeAlias = Callable[[DlqClientError, str], None]
"""Reports one dropped message of a queue."""

_LOG_EVERY_S = 1.0
_MAX_CALLBACK_S = 5.0
"""How long one call of `on_dropped` is waited for. It may itself wait for the caller of `flush`."""


_in_callback_of: ContextVar[tuple[DropReport, ...]] = ContextVar("dlq_on_dropped", default=())


class DropReport:
    """Without `on_dropped`, logs the first drop at once and then at most one line a second. So is the drop of a message
    that `on_dropped` itself sends: it would be sent and dropped again and again."""

    def __init__(self, on_dropped: Callable[[DlqClientError, str], object] | None) -> None:
        self._on_dropped = on_dropped
        self._thread: SerialThread | None = None
        self._is_closed = False
        self._next_line_at = 0.0
        self._not_logged = 0
        self._latest: tuple[DlqClientError, str] | None = None

    def report(self, error: DlqClientError, queue: str) -> None:
        if self._on_dropped is None:
            self._write(error, queue)
            return
        if self._is_closed:
            self._call(error, queue)  # in the caller's thread: the other one has ended
            return
        if self._thread is None:
            self._thread = SerialThread("dlq-report")
        self._thread.submit(lambda: self._call(error, queue))

    def report_of_send(self) -> ReportDrop:
        """Where the drop of a message that is sent now is reported."""
        return self._write if self in _in_callback_of.get() else self.report

    @property
    def is_called_by_callback(self) -> bool:
        """The caller is `on_dropped` itself. Waiting for it would never end."""
        return self._thread is not None and self._thread.is_current

    async def wait_reported(self, until: float = math.inf) -> None:
        """Waits for all earlier calls of `on_dropped`, until this time of the monotonic clock, and 5 s at most for
        each."""
        if self._thread is not None and not self._is_closed:
            await self._thread.wait(_MAX_CALLBACK_S, until)

    def dropped(self, error: DlqClientError, queue: str) -> Dropped:
        """Reports the drop of a message that is sent now, and returns it as a result."""
        self.report_of_send()(error, queue)
        return Dropped(error)

    def close(self) -> None:
        """Logs the drops that have no line yet."""
        self._is_closed = True
        self._log_line()
        if self._thread is not None:
            self._thread.stop()

    def _call(self, error: DlqClientError, queue: str) -> None:
        token = _in_callback_of.set((*_in_callback_of.get(), self))
        try:
            if self._on_dropped is not None:
                self._on_dropped(error, queue)
        except Exception:
            _log.exception("dlq: on_dropped raised")
        finally:
            _in_callback_of.reset(token)

    def _write(self, error: DlqClientError, queue: str) -> None:
        self._not_logged += 1
        self._latest = (error, queue)
        now = time.monotonic()
        if now >= self._next_line_at:
            self._next_line_at = now + _LOG_EVERY_S
            self._log_line()

    def _log_line(self) -> None:
        if self._latest is None:
            return
        count, (error, queue) = self._not_logged, self._latest
        self._not_logged, self._latest = 0, None
        dropped = f"dropped {count} messages, the last" if count > 1 else "dropped a message"
        _log.error('dlq: %s for queue "%s" (%s): %s', dropped, queue, error.kind, error)
