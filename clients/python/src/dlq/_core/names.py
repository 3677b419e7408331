"""Names of enum values, without the prefix of the enum."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, TypeAlias

from dlq.v1 import state_pb2

ReasonName: TypeAlias = Literal[
    "VALIDATION_FAILED",
    "EXECUTION_FAILED",
    "TIMEOUT",
    "RESOURCE_EXHAUSTED",
    "PLUGIN_ERROR",
    "WEBHOOK_FAILED",
    "MAX_RETRIES_EXCEEDED",
    "POISON_MESSAGE",
    "NETWORK_ERROR",
    "AUTHENTICATION_ERROR",
    "UNKNOWN_ERROR",
]

PolicyPreset: TypeAlias = Literal[
    "webhook", "validation", "execution", "network", "auth", "resource", "standard"
]


@lru_cache(maxsize=64)
def reason_name(number: int) -> str:
    return _name(state_pb2.Reason.items(), "REASON_", number)


def reason_number(name: str) -> int:
    try:
        return state_pb2.Reason.Value(f"REASON_{name}")
    except ValueError:
        known = ", ".join(one.removeprefix("REASON_") for one in state_pb2.Reason.keys()[1:])
        raise ValueError(f"reason is {name!r}; give one of {known}") from None


@lru_cache(maxsize=64)
def state_name(number: int) -> str:
    return _name(state_pb2.MessageState.items(), "MESSAGE_STATE_", number)


@lru_cache(maxsize=64)
def quarantine_reason_name(number: int) -> str:
    return _name(state_pb2.QuarantineReason.items(), "QUARANTINE_REASON_", number)


def _name(items: list[tuple[str, int]], prefix: str, number: int) -> str:
    """A value of a newer server is shown as its number."""
    names = {value: name for name, value in items}
    return names.get(number, str(number)).removeprefix(prefix)
