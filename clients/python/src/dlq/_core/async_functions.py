"""Recognizes functions whose result must be awaited."""

from __future__ import annotations

import functools
import inspect


def is_async(function: object) -> bool:
    """Reports whether it is a coroutine function, or an object whose `__call__` is one. A function that
    returns another one's coroutine can't be recognized."""
    while isinstance(function, functools.partial):
        function = function.func
    call = getattr(type(function), "__call__", None)  # noqa: B004  # its type's
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)
