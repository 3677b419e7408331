"""Recognizes functions whose call does not run their body: what it returns must be awaited or read."""

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


def require_handler(handler: object) -> None:
    """Raises TypeError if calling it would process nothing."""
    if isinstance(handler, type):
        raise TypeError(
            f"the handler is the class {handler.__name__}; give a function or an instance"
        )
    if not callable(handler):
        raise TypeError(f"the handler is {handler!r}; give a function")
    if inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler):
        raise TypeError(
            "the handler has yield, so that nothing would run it; return an outcome instead"
        )
