"""Refuses wrong options in words. Types do so only in programs that are checked."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from .async_functions import is_async


def require_known(what: str, options: Mapping[str, object], kind: type) -> None:
    """Raises TypeError if `options` has a key that the TypedDict `kind` does not have."""
    known = kind.__annotations__
    if options.keys() <= known.keys():
        return
    for name in options:
        if name not in known:
            similar = get_close_matches(str(name), known, 1)
            hint = f"did you mean {similar[0]}?" if similar else f"give some of {', '.join(known)}"
            raise TypeError(f"{what} has no option {name!r}; {hint}")


def require_type(name: str, value: object, kind: type | tuple[type, ...], advice: str) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{name} is {value!r}; give {advice}")


def require_count(name: str, value: object, least: int, most: int | None = None) -> None:
    limits = f"{least} or more" if most is None else f"{least} to {most}"
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is {value!r}; give a whole number, {limits}")
    if value < least or (most is not None and value > most):
        raise ValueError(f"{name} is {value}; give {limits}")


def require_plain_function(name: str, value: object) -> None:
    if is_async(value):
        raise TypeError(f"{name} is a coroutine function, which nothing awaits; give a plain one")
    if not callable(value):
        raise TypeError(f"{name} is {value!r}; give a function")


def queue_name(value: object) -> str:
    """Returns the name as plain text: `str` of an enum's member is another one. The service checks its characters."""
    if not isinstance(value, str) or not value:
        raise TypeError(f"queue is {value!r}; give the name of a queue, such as orders")
    return str.__str__(value)
