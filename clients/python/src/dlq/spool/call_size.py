"""How much of the spool goes in one call."""

from __future__ import annotations

_LEAST_BYTES = 64 * 1024
"""A larger letter goes alone."""
_MOST_BYTES = 3 * 1024**2
_QUICK_S = 1.25
"""A call that took longer would be too slow if it had twice as much."""


class CallSize:
    """Less where a link does not carry it in time, more again where it does."""

    def __init__(self) -> None:
        self.bytes: int = _MOST_BYTES

    def answered(self, took_s: float) -> None:
        if took_s < _QUICK_S:
            self.bytes = min(self.bytes * 2, _MOST_BYTES)

    def unanswered(self) -> None:
        """It went out, and nobody answered."""
        self.bytes = max(self.bytes // 4, _LEAST_BYTES)
