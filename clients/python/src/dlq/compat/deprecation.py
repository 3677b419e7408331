"""Warnings about old names, each once in a process."""

from __future__ import annotations

import warnings

_warned: set[str] = set()


def deprecated(old: str, new: str, *, stacklevel: int = 3) -> None:
    """`stacklevel` 3 shows the line that called the deprecated function."""
    if old in _warned:
        return
    _warned.add(old)
    warnings.warn(f"{old} is deprecated; {new}", DeprecationWarning, stacklevel=stacklevel)
