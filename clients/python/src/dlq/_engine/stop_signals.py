"""Stops workers on SIGINT and SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

CHECK_EVERY_S = 0.5
"""A signal that arrives just before a wait begins does not interrupt it. So waits are short."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

# Used in the main thread only.
_stops: list[tuple[Callable[[], None], bool]] = []
_former: dict[int, Any] = {}


@contextlib.contextmanager
def stopped_by_signals(
    stop: Callable[[], None], is_enabled: bool, *, calls_former: bool = False
) -> Iterator[None]:
    """Calls `stop` on SIGINT or SIGTERM during the block; only in the main thread, since others get no
    signals. Then gives back the former handlers. `calls_former`: calls one that the program has set, too."""
    if not is_enabled or threading.current_thread() is not threading.main_thread():
        yield
        return
    if not _stops:
        for one in _SIGNALS:
            _former[one] = signal.signal(one, _on_signal)
    entry = (stop, calls_former)
    _stops.append(entry)
    try:
        yield
    finally:
        _stops.remove(entry)
        if not _stops:
            for number, handler in _former.items():
                # None: not set by Python, which can't give it back.
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
            _former.clear()


def _on_signal(number: int, frame: FrameType | None) -> None:
    former: Any = _former.get(number)
    entries = list(_stops)
    for stop, _ in entries:
        stop()
    if any(calls_former for _, calls_former in entries) and _is_of_the_program(former):
        former(number, frame)


def _is_of_the_program(handler: Any) -> bool:
    """Reports whether it is neither Python's nor that of `asyncio.run`, which end the program unstopped."""
    if not callable(handler) or handler is signal.default_int_handler:
        return False
    runner = getattr(asyncio, "Runner", None)  # since Python 3.11
    is_partial = isinstance(handler, functools.partial)
    owner = getattr(handler.func, "__self__", None) if is_partial else None
    return runner is None or not isinstance(owner, runner)
