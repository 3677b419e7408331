"""The result of a send."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from .._core.log import log as _log
from ..errors import DlqClientError
from ..results import Dropped, SendResult

WAIT_IN_CALLBACK = (
    "a callback of send_soon runs in the client's own thread, which can't wait for itself; call send_soon without "
    "waiting, or wait in another thread"
)


class SendFuture(Future[SendResult]):
    """Calls `on_result` before anybody can read the result, in the thread that has it. It must not raise."""

    def __init__(self, on_result: Callable[[SendResult], None]) -> None:
        super().__init__()
        self._on_result = on_result
        self._is_decided = threading.Lock()
        """Acquired once: by the result, or by `cancel`."""
        self.set_by: threading.Thread | None = None
        """The thread that will set the result."""

    def result(self, timeout: float | None = None) -> SendResult:
        """Raises RuntimeError in the thread that will set the result."""
        if not self.done() and threading.current_thread() is self.set_by:
            raise RuntimeError(WAIT_IN_CALLBACK)
        return super().result(timeout)

    def add_done_callback(self, fn: Callable[[Future[SendResult]], object]) -> None:
        """Logs what `fn` raises. Otherwise the thread that sends would do so: it must not wait for a log handler."""

        def call(future: Future[SendResult]) -> None:
            try:
                fn(future)
            except Exception:
                _log.exception("dlq: a callback of a send raised")

        super().add_done_callback(call)

    def set_running_or_notify_cancel(self) -> bool:
        return self._is_decided.acquire(blocking=False) and super().set_running_or_notify_cancel()

    def set_result(self, result: SendResult) -> None:
        self._is_decided.acquire(blocking=False)
        self._on_result(result)
        super().set_result(result)

    def cancel(self) -> bool:
        """A send whose waiting task was cancelled counts as dropped, although it may be in the spool by now."""
        if self._is_decided.acquire(blocking=False):
            self._on_result(Dropped(DlqClientError("aborted", "the send was cancelled")))
            super().cancel()
            super().set_running_or_notify_cancel()  # ends the calls of concurrent.futures.wait
        return self.cancelled()
