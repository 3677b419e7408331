"""How often the log has a line of one kind."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

_EVERY_S = 60.0


class LogPace:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._logged_at = -math.inf

    def take(self) -> bool:
        """Returns whether to write a line now: at most once a minute."""
        now = self._clock()
        if now - self._logged_at < _EVERY_S:
            return False
        self._logged_at = now
        return True
