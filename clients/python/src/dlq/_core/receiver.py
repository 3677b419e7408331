"""Recognizes the first argument of a method: its instance or class."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .safe_read import safe_read

_MAX_WRAPPERS = 32


def without_receiver(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Returns the arguments that a caller gives to `function`, which a decorator wraps: without `self` or `cls`
    if it is a method of them."""
    if args and any(function in _wrapped_by(one) for one in _methods_of(args[0], function)):
        return args[1:]
    return args


def _methods_of(value: object, function: Callable[..., Any]) -> Iterator[object]:
    name = safe_read(function, "__name__")
    kinds = value.__mro__ if isinstance(value, type) else type(value).__mro__
    for kind in kinds:
        for attribute, found in list(vars(kind).items()):
            # Another name: an alias, or a private one.
            is_named = attribute == name or safe_read(found, "__wrapped__") is function
            if is_named and not isinstance(found, staticmethod):
                yield found


def _wrapped_by(method: object) -> list[object]:
    """Returns the function behind a class method or decorators, and all between."""
    chain = [method]
    while len(chain) < _MAX_WRAPPERS:
        inner = safe_read(chain[-1], "__wrapped__") or safe_read(chain[-1], "__func__")
        if inner is None:
            break
        chain.append(inner)
    return chain
