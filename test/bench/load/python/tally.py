"""Counts answers and measures their times."""

import time


def now_ms() -> float:
    """Wall clock, the same for all processes of a machine."""
    return time.time() * 1_000


class Tally:
    """Not thread-safe."""

    def __init__(self) -> None:
        self.count = 0
        self._first_count = 0
        self._first_at_ms = self._last_at_ms = 0.0
        self._took_ms: list[float] = []

    def add(self, count: int) -> None:
        """Counts operations that have just ended."""
        self._last_at_ms = now_ms()
        if self.count == 0:
            self._first_at_ms, self._first_count = self._last_at_ms, count
        self.count += count

    def took(self, ms: float) -> None:
        self._took_ms.append(ms)

    def result(self) -> dict[str, float]:
        result = {
            "count": self.count,
            "firstCount": self._first_count,
            "firstAtMs": self._first_at_ms,
            "lastAtMs": self._last_at_ms,
        }
        if self._took_ms:
            took = sorted(self._took_ms)
            result["p50Ms"], result["p99Ms"] = (took[int(len(took) * at)] for at in (0.5, 0.99))
        return result
