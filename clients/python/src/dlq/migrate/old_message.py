"""Parses messages of all versions of the old package."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from .json_value import escaped, read_json

_FIELDS = frozenset(
    (
        "message_id",
        "queue_name",
        "original_message",
        "reason",
        "error_details",
        "stack_trace",
        "retry_count",
        "max_retries",
        "first_failure_time",
        "last_failure_time",
        "next_retry_time",
        "status",
        "metadata",
        "error_history",
    )
)

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLIS_FROM = 1e11
"""Larger numbers can't be seconds: that would be the year 5138."""
_MICROS_FROM = 1e14


class CannotMigrate(Exception):
    """The message can't be sent. The text is the reason, without a subject."""


@dataclass
class OldMessage:
    queue: str | None
    id: str | None
    payload: object
    reason: str | None
    error: str
    stack_trace: str
    attempts: int
    max_retries: int | None
    first_failure: datetime | None
    last_failure: datetime | None
    next_retry: datetime | None
    status: str
    metadata: object
    history: list[object]
    unknown_fields: list[str]
    notes: list[str] = field(default_factory=list)
    """Values that could not be read."""

    @property
    def is_poison(self) -> bool:
        return self.status in ("poison", "poisoned", "expired")

    @property
    def is_done(self) -> bool:
        return self.status in ("succeeded", "success", "completed")


def parse(value: bytes) -> OldMessage:
    """Raises CannotMigrate."""
    try:
        found, notes = read_json(value)
    except (ValueError, RecursionError) as error:
        raise CannotMigrate(f"is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise CannotMigrate(f"is not a JSON object but a {type(found).__name__}")
    if "original_message" not in found:
        raise CannotMigrate("has no original_message")
    payload = found.pop("original_message")
    others = escaped(found)
    assert isinstance(others, dict)
    if others != found:
        notes.append(r"lone surrogates are sent as text such as \ud800; UTF-8 does not have them")
    read = _Reader(others, notes)
    history = others.get("error_history")
    return OldMessage(
        queue=read.text("queue_name") or None,
        id=read.text("message_id") or None,
        payload=payload,
        reason=read.text("reason") or None,
        error=read.text("error_details"),
        stack_trace=read.text("stack_trace"),
        attempts=read.count("retry_count") or 0,
        max_retries=read.count("max_retries"),
        first_failure=read.moment("first_failure_time"),
        last_failure=read.moment("last_failure_time"),
        next_retry=read.moment("next_retry_time"),
        status=read.text("status").rpartition(".")[2].lower(),
        metadata=others.get("metadata"),
        history=history if isinstance(history, list) else [] if history is None else [history],
        unknown_fields=sorted(name for name in others if name not in _FIELDS),
        notes=read.notes,
    )


class _Reader:
    def __init__(self, found: dict[str, object], notes: list[str]) -> None:
        self._found = found
        self.notes = notes

    def text(self, name: str) -> str:
        value = self._found.get(name)
        if value is None or isinstance(value, str):
            return value or ""
        return json.dumps(value, ensure_ascii=False)

    def count(self, name: str) -> int | None:
        value = self._found.get(name)
        if value is None:
            return None
        number = _number(value)
        if number is None or number < 0:
            self.notes.append(f"{name} is {_short(value)}, which is not a count")
            return None
        return int(number)

    def moment(self, name: str) -> datetime | None:
        value = self._found.get(name)
        found = moment_of(value)
        if found is None and value not in (None, ""):
            self.notes.append(f"{name} is {_short(value)}, which is not a time since 1970")
        return found


def moment_of(value: object) -> datetime | None:
    """Reads ISO 8601, or seconds, milliseconds or microseconds since 1970. The default time zone is UTC."""
    number = _number(value)
    try:
        if number is not None:
            scale = 1e6 if number >= _MICROS_FROM else 1e3 if number >= _MILLIS_FROM else 1
            found = _EPOCH + timedelta(seconds=number / scale)
        elif isinstance(value, str) and value:
            found = datetime.fromisoformat(value[:-1] + "+00:00" if value[-1] in "zZ" else value)
            found = found.replace(tzinfo=found.tzinfo or timezone.utc).astimezone(timezone.utc)
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return found if found >= _EPOCH else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
