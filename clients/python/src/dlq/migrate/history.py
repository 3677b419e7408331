"""The failures of an old message, oldest first, as far as it tells."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .._core.names import reason_number
from .._core.peek import cut
from ..compat.attributes import cut_bytes
from ..compat.models import reason_name_of
from ..v1.failure_pb2 import Failure
from .old_message import OldMessage, moment_of

# What an entry may call its parts.
_WORDS = ("error", "error_details", "error_message", "message")
_TIMES = ("timestamp", "time", "failed_at", "last_failure_time")
_TYPES = ("type", "error_type", "exception")

_TYPE_LINE = re.compile(r"([A-Za-z_][\w.]*)(?:: (.*)|:?)", re.DOTALL)

_MOST_ATTRIBUTES = 32
_ATTRIBUTE_KEY_BYTES = 128
_ATTRIBUTE_BYTES = 1024


@dataclass
class PastError:
    words: str = ""
    type: str = ""
    stack_trace: str = ""
    reason: str | None = None
    at: datetime | None = None
    details: dict[str, object] = field(default_factory=dict)

    @property
    def failure(self) -> Failure:
        """Too long texts are cut by the server, which flags it."""
        found = Failure(
            type=cut(self.type, 512),
            message=cut(self.words, 4096),
            stack_trace=cut(self.stack_trace, 16 * 1024),
        )
        name = reason_name_of(self.reason)
        if name is not None:
            found.reason = reason_number(name)  # type: ignore[assignment]  # enums are open
        for key, value in list(self.details.items())[:_MOST_ATTRIBUTES]:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            found.attributes[cut_bytes(key, _ATTRIBUTE_KEY_BYTES)] = cut_bytes(
                text, _ATTRIBUTE_BYTES
            )
        return found


def failures_of(message: OldMessage) -> tuple[PastError, list[PastError]]:
    """The latest failure, and those before it.

    The old package kept the stack trace of the first failure, the words of the latest, and an entry for
    each failed retry but the one that set the message aside.
    """
    entries = [_entry(one) for one in message.history]
    latest = PastError(words=message.error, reason=message.reason, at=message.last_failure)
    if entries and entries[-1].words == latest.words:
        listed = entries.pop()
        latest.type, latest.stack_trace = listed.type, listed.stack_trace
        latest.details = listed.details
    first = _of_trace(message)
    if first.stack_trace:
        if not latest.stack_trace and _is_about(first, latest.words):
            latest.type, latest.stack_trace = latest.type or first.type, first.stack_trace
        elif not any(_is_about(first, one.words) for one in entries):
            entries.insert(0, first)
    if latest.at is not None:
        latest.details = {**latest.details, "last_failure_time": latest.at.isoformat()}
    return latest, entries


def _of_trace(message: OldMessage) -> PastError:
    trace = message.stack_trace
    found = PastError(stack_trace=trace, at=message.first_failure)
    if trace.strip() in ("", "NoneType: None"):  # written where no error was being handled
        return PastError()
    lines = trace.rstrip().split("\n")
    last_indented = max((n for n, line in enumerate(lines) if line.startswith(" ")), default=-1)
    said = _TYPE_LINE.fullmatch("\n".join(lines[last_indented + 1 :]))
    if said is not None:
        found.type, found.words = said.group(1), said.group(2) or ""
    return found


def _is_about(first: PastError, words: str) -> bool:
    return not first.words or not words or first.words == words


def _entry(one: object) -> PastError:
    if not isinstance(one, Mapping):
        return PastError(words=one if isinstance(one, str) else json.dumps(one, ensure_ascii=False))
    details = one.get("details")
    reason = one.get("reason")
    return PastError(
        words=_first_text(one, _WORDS),
        type=_first_text(one, _TYPES),
        stack_trace=_first_text(one, ("stack_trace", "traceback")),
        reason=reason if isinstance(reason, str) else None,
        at=next((at for name in _TIMES if (at := moment_of(one.get(name))) is not None), None),
        details={str(key): value for key, value in details.items()}
        if isinstance(details, Mapping)
        else {},
    )


def _first_text(one: Mapping[object, object], names: tuple[str, ...]) -> str:
    for name in names:
        value = one.get(name)
        if value is not None:
            return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return ""
