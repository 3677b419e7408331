"""An old message as a send with its imported history."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from .._core.durations import duration, timestamp
from .._core.payload import payload_of
from ..compat.attributes import attributes_of, cut_bytes
from ..v1.dlq_service_pb2 import PastFailure, SendToDlqRequest
from .history import PastError, failures_of
from .old_message import DoesNotFit, OldMessage

_MOST_COUNT = 1000
_MOST_FAILURES = 15
_MOST_AHEAD = timedelta(days=365)
_MOST_TTL_S = 3650 * 24 * 3600.0
_SOURCE_BYTES = 256
_COORDINATE_BYTES = 1024
_USUAL_PAYLOAD_BYTES = 1024**2


@dataclass(frozen=True)
class Place:
    """Where a message was, and where it goes."""

    key: str
    queue: str
    """Its queue in the service."""
    id: str
    """The old package's."""
    is_poison: bool
    ttl_s: float | None
    """What Redis gives it yet; None: for ever."""


@dataclass(frozen=True)
class Converted:
    request: SendToDlqRequest
    notes: list[str]
    """What could not be taken over as it was."""


def convert(message: OldMessage, place: Place, now: datetime | None = None) -> Converted:
    """Raises DoesNotFit."""
    now = now or datetime.now(timezone.utc)
    notes = list(message.notes)
    request = SendToDlqRequest(queue=place.queue)
    _set_identity(request, place)
    try:
        request.payload.CopyFrom(payload_of(message.payload, None))
    except (ValueError, RecursionError) as error:
        raise DoesNotFit(f"original_message can't be written as JSON: {error}") from None
    size = request.payload.ByteSize()
    if size > _USUAL_PAYLOAD_BYTES:
        notes.append(
            f"original_message has {size} bytes: a server takes 1 MiB, unless told otherwise"
        )
    _set_attributes(request, message, notes)
    latest, before = failures_of(message)
    request.failure.CopyFrom(latest.failure)
    _set_past(request, message, before, place, notes)
    _set_limits(request, message, place, now, notes)
    return Converted(request, notes)


def _set_identity(request: SendToDlqRequest, place: Place) -> None:
    """Of the message alone: another run, also without what this one remembers, says the same. Each
    message counts as a client of its own, which sends once."""
    identity = hashlib.sha256(f"{place.queue}\0{place.id}".encode()).digest()
    request.request_id = f"dlq-migrate-{identity.hex()[:32]}"
    request.send_number.client_id = identity[16:]
    request.send_number.number = 1
    if len(place.id.encode()) <= _SOURCE_BYTES:
        request.source_id = place.id
    request.origin.coordinates["message_id"] = cut_bytes(place.id, _COORDINATE_BYTES)
    request.origin.coordinates["redis_key"] = cut_bytes(place.key, _COORDINATE_BYTES)


def _set_attributes(request: SendToDlqRequest, message: OldMessage, notes: list[str]) -> None:
    metadata = message.metadata
    named = metadata if isinstance(metadata, dict) else {"metadata": metadata} if metadata else {}
    attributes, lost = attributes_of(named)
    notes.extend(lost)
    request.attributes.update(attributes)


def _set_past(
    request: SendToDlqRequest,
    message: OldMessage,
    before: list[PastError],
    place: Place,
    notes: list[str],
) -> None:
    history = request.imported_history
    history.attempts = _at_most(message.attempts, "retry_count", notes)
    history.quarantined = place.is_poison or message.is_poison
    if message.first_failure is not None:
        history.first_failure_time.CopyFrom(timestamp(message.first_failure))
    if len(before) > _MOST_FAILURES:
        notes.append(
            f"error_history: the oldest {len(before) - _MOST_FAILURES} entries are left out"
        )
    for one in before[-_MOST_FAILURES:]:
        kept = PastFailure(failure=one.failure)
        if one.at is not None:
            kept.time.CopyFrom(timestamp(one.at))
        history.failures.append(kept)


def _set_limits(
    request: SendToDlqRequest, message: OldMessage, place: Place, now: datetime, notes: list[str]
) -> None:
    if message.max_retries is not None:
        request.max_retries = _at_most(message.max_retries, "max_retries", notes)
    if message.next_retry is not None and not request.imported_history.quarantined:
        due = message.next_retry
        if due > now + _MOST_AHEAD:
            due = now + _MOST_AHEAD
            notes.append("next_retry_time is more than 365 days ahead: cut")
        request.due_time.CopyFrom(timestamp(due))
    if place.ttl_s is not None:
        # The service counts from the first failure.
        age_s = (now - message.first_failure).total_seconds() if message.first_failure else 0.0
        ttl_s = min(max(place.ttl_s + max(age_s, 0.0), 1.0), _MOST_TTL_S)
        request.ttl.CopyFrom(duration("ttl", ttl_s))


def _at_most(count: int, name: str, notes: list[str]) -> int:
    if count > _MOST_COUNT:
        notes.append(f"{name} is {count}: taken as {_MOST_COUNT}")
    return min(count, _MOST_COUNT)
