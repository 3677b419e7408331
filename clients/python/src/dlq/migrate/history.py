"""Reads the failures of an old message."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .._core.names import reason_number
from .._core.safe_read import cut_one_over, cut_to_fit
from ..compat.models import reason_name_of
from ..v1.failure_pb2 import Failure
from .old_message import OldMessage, moment_of

# Field names of history entries in the versions of the old package.
_MESSAGES = ("error", "error_details", "error_message", "message")
_TIMES = ("timestamp", "time", "failed_at", "last_failure_time")
_TYPES = ("type", "error_type", "exception")

_TYPE_LINE = re.compile(r"([A-Za-z_][\w.]*)(?:: (.*)|:?)", re.DOTALL)

_MAX_ATTRIBUTES = 32
_ATTRIBUTE_KEY_BYTES = 128
_ATTRIBUTE_BYTES = 1024


@dataclass
class OldFailure:
    message: str = ""
    type: str = ""
    stack_trace: str = ""
    reason: str | None = None
    at: datetime | None = None
    details: dict[str, object] = field(default_factory=dict)

    @property
    def failure(self) -> Failure:
        """The server cuts texts that are too long, and marks them as cut."""
        found = Failure(
            type=cut_one_over(self.type, 512),
            message=cut_one_over(self.message, 4096),
            stack_trace=cut_one_over(self.stack_trace, 16 * 1024),
        )
        name = reason_name_of(self.reason)
        if name is not None:
            found.reason = reason_number(name)  # type: ignore[assignment]  # enums are open
        for key, value in list(self.details.items())[:_MAX_ATTRIBUTES]:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            found.attributes[cut_to_fit(key, _ATTRIBUTE_KEY_BYTES)] = cut_to_fit(
                text, _ATTRIBUTE_BYTES
            )
        return found


def failures_of(message: OldMessage) -> tuple[OldFailure, list[OldFailure]]:
    """Returns the latest failure, and the earlier ones, oldest first.

    The old package stored the stack trace of the first failure, the text of the latest, and an entry for each
    failed retry except the last one of a poison message.
    """
    entries = [_entry(one) for one in message.history]
    latest = OldFailure(message=message.error, reason=message.reason, at=message.last_failure)
    if entries and entries[-1].message == latest.message:
        same = entries.pop()
        latest.type, latest.stack_trace = same.type, same.stack_trace
        latest.details = same.details
    first = _first_failure(message)
    if first.stack_trace:
        if not latest.stack_trace and _may_be_same(first, latest.message):
            latest.type, latest.stack_trace = latest.type or first.type, first.stack_trace
        elif not any(_may_be_same(first, one.message) for one in entries):
            entries.insert(0, first)
    if latest.at is not None:
        latest.details = {**latest.details, "last_failure_time": latest.at.isoformat()}
    return latest, entries


def _first_failure(message: OldMessage) -> OldFailure:
    """Reads the failure that the message's stack trace belongs to."""
    trace = message.stack_trace
    found = OldFailure(stack_trace=trace, at=message.first_failure)
    if trace.strip() in ("", "NoneType: None"):  # written outside of an except block
        return OldFailure()
    lines = trace.rstrip().split("\n")
    last_indented = max((n for n, line in enumerate(lines) if line.startswith(" ")), default=-1)
    type_line = _TYPE_LINE.fullmatch("\n".join(lines[last_indented + 1 :]))
    if type_line is not None:
        found.type, found.message = type_line.group(1), type_line.group(2) or ""
    return found


def _may_be_same(first: OldFailure, message: str) -> bool:
    return not first.message or not message or first.message == message


def _entry(one: object) -> OldFailure:
    if not isinstance(one, Mapping):
        text = one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)
        return OldFailure(message=text)
    details = one.get("details")
    reason = one.get("reason")
    return OldFailure(
        message=_first_text(one, _MESSAGES),
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
