"""The result of a send."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from ..errors import DlqClientError
from ..results import Dropped, SendResult


class SendFuture(Future[SendResult]):
    """Calls `on_result` before anybody can read the result, in the thread that has it. It must not raise."""

    def __init__(self, on_result: Callable[[SendResult], None]) -> None:
        super().__init__()
        self._on_result = on_result
        self._is_decided = threading.Lock()
        """Acquired once: by the result, or by `cancel`."""

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
