"""Warnings about old names, each once in a process."""

from __future__ import annotations

import warnings

from .._core.log import log

_warned: set[str] = set()


def deprecated(old: str, new: str, *, stacklevel: int = 3) -> None:
    """`stacklevel` 3 shows the line that called the deprecated function."""
    if old in _warned:
        return
    _warned.add(old)
    warnings.warn(f"{old} is deprecated; {new}", DeprecationWarning, stacklevel=stacklevel)


def without_effect(old: str, why: str) -> None:
    """Logs a warning: unlike deprecation warnings, Python shows it by default."""
    if old not in _warned:
        _warned.add(old)
        log.warning("dlq: %s has no effect: %s", old, why)
