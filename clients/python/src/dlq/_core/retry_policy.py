"""Encodes retry policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlq.v1.message_pb2 import Backoff, DayOfWeek, Jitter, RetryWindow
from dlq.v1.message_pb2 import RetryPolicy as PolicyMessage

from ..options import RetryPolicy, RetryWindowOptions
from .durations import duration
from .option_checks import require_known

_DURATIONS = ("initial_delay", "max_delay", "increment", "max_elapsed")


def policy_of(options: RetryPolicy) -> PolicyMessage:
    """Raises TypeError or ValueError for an unknown field or value."""
    require_known("a retry policy", options, RetryPolicy)
    given: Mapping[str, Any] = {name: value for name, value in options.items() if value is not None}
    policy = PolicyMessage(preset=given.get("preset", ""))
    for name in ("max_retries", "multiplier"):
        if name in given:
            setattr(policy, name, given[name])
    for name in _DURATIONS:
        if name in given:
            getattr(policy, name).CopyFrom(duration(f"retry_policy.{name}", given[name]))
    if "backoff" in given:
        policy.backoff = _number("backoff", Backoff, "BACKOFF_", given["backoff"])
    if "jitter" in given:
        policy.jitter = _number("jitter", Jitter, "JITTER_", given["jitter"])
    if "schedule" in given:
        policy.schedule.extend(_schedule(given["schedule"]))
    policy.windows.extend(_window(one) for one in given.get("windows", ()))
    return policy


def _schedule(delays: Sequence[Any]) -> list[Any]:
    if len(delays) == 0:
        raise ValueError("retry_policy.schedule is empty; give a delay")
    return [duration(f"retry_policy.schedule[{at}]", delay) for at, delay in enumerate(delays)]


def _window(options: RetryWindowOptions) -> RetryWindow:
    require_known("a window of a retry policy", options, RetryWindowOptions)
    return RetryWindow(
        start_time=options["start"],
        end_time=options["end"],
        time_zone=options.get("time_zone", ""),
        days=[
            _number("windows.days", DayOfWeek, "DAY_OF_WEEK_", day)
            for day in options.get("days", ())
        ],
    )


def _number(field: str, enum: Any, prefix: str, name: str) -> Any:
    """The number of a name in lower case."""
    numbers = {key.removeprefix(prefix).lower(): value for key, value in enum.items()}
    del numbers["unspecified"]
    if name in numbers:
        return numbers[name]
    raise ValueError(f"retry_policy.{field} is {name!r}; give one of {', '.join(numbers)}")
