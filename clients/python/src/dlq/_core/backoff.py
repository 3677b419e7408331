"""Waits that grow with each failure in a row, and differ between clients that failed together."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    def __init__(
        self, first_s: float, most_s: float, rand: Callable[[], float] = random.random
    ) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._rand = rand
        self._failures = 0

    def next_s(self) -> float:
        """How long to wait after one more failure: nothing to all of what has doubled with each."""
        full_s = min(self._most_s, self._first_s * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return full_s * self._rand()

    def reset(self) -> None:
        """It worked."""
        self._failures = 0
