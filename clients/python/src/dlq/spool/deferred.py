"""Letters that the service does not take now."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TypeAlias

from .._core.backoff import Backoff
from .spool_file import SpoolFile

Place: TypeAlias = "tuple[SpoolFile | None, int]"
"""A letter's file and offset; no file: in memory."""


class Deferred:
    """They are tried again together: else thousands would each have a call of its own."""

    def __init__(
        self, first_pause_s: float, most_pause_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._most_pause_s = most_pause_s
        self._backoff = Backoff(first_pause_s, most_pause_s)
        self._until = math.inf
        self._is_resting = False
        """All others have been tried."""
        self._places: set[Place] = set()
        self._to_retry = 0
        """How many were deferred, and have not been tried again yet: they are older than others."""

    def tried(self, count: int) -> None:
        """So many letters have been tried."""
        self._to_retry -= count
        self._limit()

    def add(self, place: Place) -> None:
        """Others are tried first, but no longer than that: there may be ever more of them. It counts from
        when those of before have been tried again, which may take longer."""
        self._places.add(place)
        self._limit()

    def skipped(self) -> set[Place]:
        """Those that are not to be tried now."""
        if self._until <= self._clock():
            self._until = math.inf
            self._is_resting = False
            self._to_retry = len(self._places)
            self._places.clear()
        return self._places

    def rest(self) -> None:
        """All others have been tried, or can't be."""
        if not self._places:
            self._backoff.reset()
        elif not self._is_resting:
            self._is_resting = True
            self._until = min(self._until, self._clock() + self._backoff.next_s())

    def _limit(self) -> None:
        if self._places and self._to_retry <= 0 and math.isinf(self._until):
            self._until = self._clock() + self._most_pause_s

    @property
    def wait_s(self) -> float:
        """Until they are to be tried again."""
        return self._until - self._clock()
