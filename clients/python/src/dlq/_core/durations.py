"""Converts durations and times of callers to protobuf and back."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from typing import TypeAlias

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

Seconds: TypeAlias = "float | timedelta"
"""A duration: a number of seconds, or a timedelta."""

MAX_WAIT_S = 30 * 24 * 3600.0
"""The longest delay that the server accepts in an outcome."""


def seconds(name: str, value: Seconds) -> float:
    given = value.total_seconds() if isinstance(value, timedelta) else value
    is_number = isinstance(given, (int, float)) and not isinstance(given, bool)
    if not is_number or not abs(given) <= sys.float_info.max:
        raise TypeError(f"{name} is {value!r}; give a number of seconds or a timedelta")
    return float(given)


def optional_seconds(name: str, value: Seconds | None) -> float | None:
    return None if value is None else seconds(name, value)


def duration(name: str, value: Seconds) -> Duration:
    nanos = round(seconds(name, value) * 1e9)
    whole = abs(nanos) // 10**9 * (1 if nanos >= 0 else -1)
    return Duration(seconds=whole, nanos=nanos - whole * 10**9)


def wait(name: str, value: Seconds) -> Duration:
    """A delay of an outcome, limited to 0 to 30 days: the server rejects other values."""
    return duration(name, min(max(seconds(name, value), 0.0), MAX_WAIT_S))


def timestamp(value: datetime) -> Timestamp:
    """A datetime without a time zone is local time, as everywhere in Python."""
    found = Timestamp()
    found.FromDatetime(value.astimezone(timezone.utc))
    return found


def moment(value: Timestamp) -> datetime:
    return value.ToDatetime(tzinfo=timezone.utc)
