"""What a handler may return instead of nothing."""

from __future__ import annotations

from typing import Literal, TypeAlias

from ._core.durations import Seconds, wait
from ._core.failure import failure_of
from ._core.letter import is_non_retryable, retry_after_of
from ._core.peek import cut
from .v1 import dlq_service_pb2 as pb
from .v1.failure_pb2 import Failure

OutcomeKind: TypeAlias = Literal["succeeded", "failed", "released", "quarantined", "discarded"]

_NOTE_BYTES = 1024
"""Longer notes are cut by the server, too; uncut they could spoil the call of many outcomes."""


class Outcome:
    """Made by `release`, `quarantine`, `discard` and `fail`."""

    __slots__ = ("_message", "kind")

    def __init__(self, kind: OutcomeKind, message: pb.Outcome) -> None:
        self.kind: OutcomeKind = kind
        self._message = message

    def under(self, lease_token: str) -> pb.Outcome:
        """As `Ack` takes it."""
        found = pb.Outcome(lease_token=lease_token)
        found.MergeFrom(self._message)
        return found

    def __repr__(self) -> str:
        return f"Outcome({self.kind})"


def succeed() -> Outcome:
    """Done: what a handler that returns nothing says."""
    return Outcome("succeeded", pb.Outcome(succeeded=pb.Succeeded()))


def release(delay: Seconds | None = None) -> Outcome:
    """Give it back unprocessed; no attempt is counted. Comes again in 1 s or later, at most 30 days."""
    released = pb.Released()
    if delay is not None:
        released.delay.CopyFrom(wait("delay", delay))
    return Outcome("released", pb.Outcome(released=released))


def quarantine(note: str = "") -> Outcome:
    """To quarantine, whatever the policy says."""
    return Outcome(
        "quarantined", pb.Outcome(quarantined=pb.Quarantined(note=cut(note, _NOTE_BYTES)))
    )


def discard(note: str = "") -> Outcome:
    """Drop it without success."""
    return Outcome("discarded", pb.Outcome(discarded=pb.Discarded(note=cut(note, _NOTE_BYTES))))


def fail(
    error: object, *, retry_after: Seconds | None = None, non_retryable: bool | None = None
) -> Outcome:
    """The attempt failed, as if `error` had been raised.

    `retry_after` replaces the policy's delay, at most 30 days; `non_retryable` sends to quarantine.
    """
    return failed_with(
        failure_of(error),
        retry_after_of(error) if retry_after is None else retry_after,
        is_non_retryable(error) if non_retryable is None else non_retryable,
    )


def failed_with(failure: Failure, retry_after: Seconds | None, non_retryable: bool) -> Outcome:
    failed = pb.Failed(failure=failure, non_retryable=non_retryable)
    if retry_after is not None:
        failed.retry_after.CopyFrom(wait("retry_after", retry_after))
    return Outcome("failed", pb.Outcome(failed=failed))
