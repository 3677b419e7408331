"""How many bytes of the spool go into one call."""

from __future__ import annotations

_MIN_BYTES = 64 * 1024
"""A larger message goes alone."""
_MAX_BYTES = 3 * 1024**2
_FAST_S = 1.25
"""A call that took longer might time out at twice the size."""


class CallSize:
    """Shrinks on slow links and grows again after fast answers."""

    def __init__(self) -> None:
        self.bytes: int = _MAX_BYTES

    def on_answer(self, took_s: float) -> None:
        if took_s < _FAST_S:
            self.bytes = min(self.bytes * 2, _MAX_BYTES)

    def on_timeout(self) -> None:
        """A call was sent and not answered."""
        self.bytes = max(self.bytes // 4, _MIN_BYTES)
