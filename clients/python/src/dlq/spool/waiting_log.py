"""Says why letters wait: somebody may have to mend it, such as a token, and nothing else would say so."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from .._core.call_error import CallError
from .._core.log import log as _log

_TELL_EVERY_S = 60.0


class WaitingLog:
    """At most one line a minute, whichever it is."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told_at = -math.inf

    def tell_of(self, error: CallError | None) -> None:
        """The last error of what was kept; None: nobody has answered."""
        now = self._clock()
        if now - self._told_at < _TELL_EVERY_S:
            return
        self._told_at = now
        if error is not None and not error.is_worth_again:
            _log.warning("dlq: the spool keeps what is refused: %s", error.refusal())
        else:
            why = "the server did not answer" if error is None else error.words
            _log.warning("dlq: the spool keeps what can't be delivered: %s", why)
