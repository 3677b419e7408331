"""A progress bar, shown on terminals only."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TextIO

from typing_extensions import Self

_EVERY_S = 0.1
_WIDTH = 30


class Progress:
    """Without a total it only counts."""

    def __init__(self, label: str, total: int = 0, out: TextIO | None = None) -> None:
        self._label = label
        self._total = total
        self._out = sys.stderr if out is None else out
        self._is_shown = self._out.isatty()
        self._done = 0
        self._next_at = 0.0

    def add(self, count: int = 1) -> None:
        self._done += count
        now = time.monotonic()
        if self._is_shown and now >= self._next_at:
            self._next_at = now + _EVERY_S
            self._draw()

    def _draw(self) -> None:
        line = f"{self._label} {self._done:,}"
        if self._total:
            share = min(self._done / self._total, 1.0)
            bar = "#" * round(share * _WIDTH)
            line = (
                f"{self._label} [{bar:.<{_WIDTH}}] {share:4.0%} {self._done:,} of {self._total:,}"
            )
        self._out.write(f"\r\x1b[K{line}")
        self._out.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_shown:
            self._draw()
            self._out.write("\n")
