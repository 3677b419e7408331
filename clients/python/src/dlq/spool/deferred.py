"""Spooled messages that the service refuses for now."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TypeAlias

from .._core.backoff import Backoff
from .spool_file import SpoolFile

Position: TypeAlias = "tuple[SpoolFile | None, int]"
"""A message's file and offset; no file: in memory."""


class DeferredMessages:
    """Deferred messages are tried again together, so that they share calls."""

    def __init__(
        self,
        first_backoff_s: float,
        max_backoff_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._max_backoff_s = max_backoff_s
        self._backoff = Backoff(first_backoff_s, max_backoff_s)
        self._until = math.inf
        self._is_resting = False
        """All other messages have been tried."""
        self._positions: set[Position] = set()
        self._to_retry = 0
        """Messages that were deferred and are not tried again yet. They are older than the others."""

    def on_tried(self, count: int) -> None:
        """`count` messages have been tried."""
        self._to_retry -= count
        self._set_limit()

    def add(self, position: Position) -> None:
        """Defers a message until the others have been tried, `max_backoff_s` at most: new messages may
        keep coming. The limit counts from when all earlier deferred messages have been tried again."""
        self._positions.add(position)
        self._set_limit()

    def skipped(self) -> set[Position]:
        """Messages that must not be tried now."""
        if self._until <= self._clock():
            self._until = math.inf
            self._is_resting = False
            self._to_retry = len(self._positions)
            self._positions.clear()
        return self._positions

    def rest(self) -> None:
        """All other messages have been tried, or can't be tried now."""
        if not self._positions:
            self._backoff.reset()
        elif not self._is_resting:
            self._is_resting = True
            self._until = min(self._until, self._clock() + self._backoff.next_s())

    def _set_limit(self) -> None:
        if self._positions and self._to_retry <= 0 and math.isinf(self._until):
            self._until = self._clock() + self._max_backoff_s

    @property
    def wait_s(self) -> float:
        """Seconds until deferred messages are tried again."""
        return self._until - self._clock()
