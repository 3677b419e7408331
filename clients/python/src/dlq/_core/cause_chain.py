"""The causes and the stack trace of an exception."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from .safe_read import safe_read, well_formed

_MAX_ERRORS = 16

_MAX_FRAMES = 50
"""Of each traceback; the frames nearest to the error."""

_MAX_PART_CHARS = 2_048


def chain_of(error: BaseException) -> list[BaseException]:
    """Returns the error, its causes, errors wrapped by libraries, and members of groups. Each once."""
    chain: list[BaseException] = []
    seen: set[int] = set()
    to_visit: list[BaseException] = [error]
    while to_visit and len(chain) < _MAX_ERRORS:
        one = to_visit.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        chain.append(one)
        to_visit = [*_causes_of(one), *to_visit]
    return chain


def _causes_of(error: BaseException) -> Iterator[BaseException]:
    yield from _errors(error.__cause__)
    yield from _errors(safe_read(error, "orig"))  # SQLAlchemy: the driver's error
    members = safe_read(error, "exceptions")  # ExceptionGroup
    if isinstance(members, (tuple, list)):
        for member in members:
            yield from _errors(member)
    for argument in error.args[:1]:  # requests and urllib3 pass the cause as first argument
        yield from _errors(argument)
        yield from _errors(safe_read(argument, "reason"))
    if error.__cause__ is None and not error.__suppress_context__:
        yield from _errors(error.__context__)


def _errors(value: object) -> Iterator[BaseException]:
    if isinstance(value, BaseException):
        yield value


def _shortened(part: str) -> str:
    """Cuts a long line. The failure has the error's text in another field."""
    return part if len(part) <= _MAX_PART_CHARS else part[:_MAX_PART_CHARS] + "...\n"


def trace_of(error: BaseException, max_bytes: int) -> str:
    """Returns the trace as Python prints it, with causes. Keeps the end of a long one."""
    try:
        shown = traceback.TracebackException(
            type(error), error, error.__traceback__, limit=-_MAX_FRAMES, compact=True
        )
        text = well_formed("".join(map(_shortened, shown.format())))
    except Exception:  # a broken __str__ or source file must not cost the rest of the failure
        return ""
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return text
    mark = "... earlier calls and causes are left out ...\n"
    kept = encoded[len(encoded) - (max_bytes - len(mark)) :].decode("utf-8", "ignore")
    return mark + kept[kept.find("\n") + 1 :]
