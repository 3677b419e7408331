"""Exponential backoff with full jitter."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    def __init__(
        self, first_s: float, max_s: float, rand: Callable[[], float] = random.random
    ) -> None:
        self._first_s = first_s
        self._max_s = max_s
        self._rand = rand
        self._failures = 0

    def next_s(self) -> float:
        """Returns the wait after one more failure: random, up to a limit that doubles each time."""
        full_s = min(self._max_s, self._first_s * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return full_s * self._rand()

    def reset(self) -> None:
        """Starts over after a success."""
        self._failures = 0
