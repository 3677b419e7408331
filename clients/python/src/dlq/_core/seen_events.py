"""Recognizes events that come again after a break."""

from __future__ import annotations

_HALF = 5_000


class SeenEvents:
    """Ids of events: at least the latest 5,000, and at most 10,000. Not thread-safe."""

    def __init__(self) -> None:
        self._latest: set[str] = set()
        self._earlier: set[str] = set()

    def add(self, id: str) -> bool:
        """Reports whether the event is new."""
        if id in self._latest or id in self._earlier:
            return False
        self._latest.add(id)
        if len(self._latest) == _HALF:
            self._earlier, self._latest = self._latest, set()
        return True
