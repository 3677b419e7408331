"""Warnings that name the new way, each once in a process."""

from __future__ import annotations

import warnings

_told: set[str] = set()


def deprecated(old: str, new: str, *, stacklevel: int = 3) -> None:
    """`stacklevel` 3: the line that called whoever calls this."""
    if old in _told:
        return
    _told.add(old)
    warnings.warn(f"{old} is deprecated; {new}", DeprecationWarning, stacklevel=stacklevel)
