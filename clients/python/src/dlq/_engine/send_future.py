"""The result of a send."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from ..errors import DlqClientError
from ..results import Dropped, SendResult


class SendFuture(Future[SendResult]):
    """Calls `on_result` before anybody can read the result, in the thread that has it. It must not raise."""

    def __init__(self, on_result: Callable[[SendResult], None]) -> None:
        super().__init__()
        self._on_result = on_result
        self._is_cancelled = False

    def set_result(self, result: SendResult) -> None:
        self._on_result(result)
        super().set_result(result)

    def cancel(self) -> bool:
        """A send whose waiting task was cancelled counts as dropped, although it may be in the spool by now."""
        is_first = not self._is_cancelled and super().cancel()
        if is_first:
            self._is_cancelled = True
            self._on_result(Dropped(DlqClientError("aborted", "the send was cancelled")))
        return is_first or self.cancelled()
