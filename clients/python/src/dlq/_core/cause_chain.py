"""What was raised, and why."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from .peek import peek, well_formed

_MAX_ERRORS = 16
"""Deeper causes say nothing that a reader would still follow."""

_MAX_FRAMES = 50
"""Of each traceback, the ones nearest to the error."""

_MAX_PART_CHARS = 2_048


def chain_of(error: BaseException) -> list[BaseException]:
    """What was raised, then its causes, what a library wraps, and the members of groups; never a circle."""
    chain: list[BaseException] = []
    seen: set[int] = set()
    ahead: list[BaseException] = [error]
    while ahead and len(chain) < _MAX_ERRORS:
        one = ahead.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        chain.append(one)
        ahead = [*_reasons_of(one), *ahead]
    return chain


def _reasons_of(error: BaseException) -> Iterator[BaseException]:
    yield from _errors(error.__cause__)
    yield from _errors(peek(error, "orig"))  # SQLAlchemy: the driver's own
    members = peek(error, "exceptions")  # ExceptionGroup
    if isinstance(members, (tuple, list)):
        for member in members:
            yield from _errors(member)
    for argument in error.args[:1]:  # requests and urllib3 wrap by the first argument
        yield from _errors(argument)
        yield from _errors(peek(argument, "reason"))
    if error.__cause__ is None and not error.__suppress_context__:
        yield from _errors(error.__context__)


def _errors(value: object) -> Iterator[BaseException]:
    if isinstance(value, BaseException):
        yield value


def _shortened(part: str) -> str:
    """Of a frame or of an error's words, which the failure has by themselves."""
    return part if len(part) <= _MAX_PART_CHARS else part[:_MAX_PART_CHARS] + "...\n"


def trace_of(error: BaseException, max_bytes: int) -> str:
    """As Python prints it, causes included; of a long one the end, where the error is."""
    try:
        shown = traceback.TracebackException(
            type(error), error, error.__traceback__, limit=-_MAX_FRAMES, compact=True
        )
        text = well_formed("".join(map(_shortened, shown.format())))
    except Exception:  # its own __str__ or its source file: no reason to lose the rest
        return ""
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return text
    mark = "... earlier calls and causes are left out ...\n"
    kept = encoded[len(encoded) - (max_bytes - len(mark)) :].decode("utf-8", "ignore")
    return mark + kept[kept.find("\n") + 1 :]
