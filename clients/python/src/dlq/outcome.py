"""Outcomes that a handler may return."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Literal, TypeAlias

from ._core.durations import Seconds, wait
from ._core.failure import failure_of
from ._core.safe_read import cut_one_over
from ._core.send_request import fingerprint_of, is_non_retryable, retry_after_of
from .v1 import dlq_service_pb2 as pb
from .v1.failure_pb2 import Failure

OutcomeKind: TypeAlias = Literal["succeeded", "failed", "released", "quarantined", "discarded"]

_NOTE_BYTES = 1024
"""The server cuts longer notes. The client cuts them, too, so that a huge note does not break a batch."""


class Outcome:
    """Made by `succeed`, `release`, `quarantine`, `discard` and `fail`."""

    __slots__ = ("_message", "error", "kind")

    def __init__(self, kind: OutcomeKind, message: pb.Outcome, error: object = None) -> None:
        self.kind: OutcomeKind = kind
        self.error: object = error
        """What the handler raised, or gave to `fail`."""
        self._message = message

    def with_token(self, lease_token: str) -> pb.Outcome:
        """Returns the outcome as a message for `Ack`."""
        found = pb.Outcome(lease_token=lease_token)
        found.MergeFrom(self._message)
        return found

    def __repr__(self) -> str:
        return f"Outcome({self.kind})"


def error_type_of(outcome: Outcome) -> str | None:
    """Returns the type of the failure; None if it did not fail."""
    return outcome._message.failed.failure.type if outcome.kind == "failed" else None


def succeed() -> Outcome:
    """Removes the message, as if the handler returned None; a cancelled handler needs it to say so."""
    return Outcome("succeeded", pb.Outcome(succeeded=pb.Succeeded()))


def release(delay: Seconds | None = None) -> Outcome:
    """Gives the message back without counting an attempt. It is delivered again after `delay`, at
    most 30 days, and not before 1 s, which grows with repeated releases up to 5 min."""
    released = pb.Released()
    if delay is not None:
        released.delay.CopyFrom(wait("delay", delay))
    return Outcome("released", pb.Outcome(released=released))


def quarantine(note: str = "") -> Outcome:
    """Quarantines the message, whatever the retry policy says."""
    return Outcome(
        "quarantined", pb.Outcome(quarantined=pb.Quarantined(note=cut_one_over(note, _NOTE_BYTES)))
    )


def discard(note: str = "") -> Outcome:
    """Removes the message. It does not count as succeeded."""
    return Outcome(
        "discarded", pb.Outcome(discarded=pb.Discarded(note=cut_one_over(note, _NOTE_BYTES)))
    )


def fail(
    error: object,
    *,
    retry_after: Seconds | None = None,
    non_retryable: bool | None = None,
    fingerprint: str | None = None,
) -> Outcome:
    """Fails the attempt, as if the handler had raised `error`.

    `retry_after` replaces the delay of the retry policy, at most 30 days. `non_retryable` quarantines the
    message. `fingerprint` is as that of a send.
    """
    failure = failure_of(error)
    if fingerprint is not None:
        failure.fingerprint = fingerprint_of(fingerprint)
    return failed_with(
        error,
        failure,
        retry_after_of(error) if retry_after is None else retry_after,
        is_non_retryable(error) if non_retryable is None else non_retryable,
    )


def outcome_of(returned: object) -> Outcome | None:
    """Reads what a handler returned. Raises TypeError for what is no outcome: it may say that the message was not
    processed."""
    if returned is None or isinstance(returned, Outcome):
        return returned
    hint = ""
    if inspect.iscoroutine(returned):
        returned.close()
        hint = ". Handlers that are coroutine functions need dlq.aio.Client"
    name = getattr(returned, "__name__", None)
    found = f"{name} itself" if callable(returned) and name else f"a {type(returned).__name__}"
    raise TypeError(
        f"the handler returned {found}, which is no outcome; return None, or call succeed, release, quarantine, "
        f"discard or fail and return that{hint}"
    )


def outcomes_of(returned: object, count: int) -> Sequence[Outcome | None]:
    """Reads what a batch handler returned, as one for each of `count` deliveries. Raises TypeError also for
    too few or too many."""
    if not isinstance(returned, Sequence) or isinstance(returned, (str, bytes)):
        return [outcome_of(returned)] * count
    if len(returned) != count:
        raise TypeError(f"the handler returned {len(returned)} outcomes for {count} deliveries")
    return [outcome_of(one) for one in returned]


def failed_with(
    error: object, failure: Failure, retry_after: Seconds | None, non_retryable: bool
) -> Outcome:
    failed = pb.Failed(failure=failure, non_retryable=non_retryable)
    if retry_after is not None:
        failed.retry_after.CopyFrom(wait("retry_after", retry_after))
    return Outcome("failed", pb.Outcome(failed=failed), error)
