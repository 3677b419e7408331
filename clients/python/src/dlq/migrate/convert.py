"""Converts an old message to a send with imported history."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from .._core.durations import duration, timestamp
from .._core.json_text import json_text
from .._core.payload import JSON_TYPE, payload_of
from .._core.safe_read import cut_to_fit, well_formed
from ..compat.attributes import attributes_of
from ..v1.dlq_service_pb2 import ImportedFailure, SendToDlqRequest
from .history import OldFailure, failures_of
from .old_message import CannotMigrate, OldMessage

_MAX_COUNT = 1000
_MAX_FAILURES = 15
_MAX_DELAY = timedelta(days=365)
_MAX_TTL_S = 3650 * 24 * 3600.0
_SOURCE_BYTES = 256
_COORDINATE_BYTES = 1024
_TEXT_TYPE = "text/plain"


@dataclass(frozen=True)
class Place:
    """Where a message is in Redis, and where it goes."""

    key: str
    queue: str
    """The queue in the service."""
    id: str
    """The old message id."""
    is_poison: bool
    ttl_s: float | None
    """Time until Redis expires the key; None: never."""


@dataclass(frozen=True)
class Converted:
    request: SendToDlqRequest
    notes: list[str]
    """What was changed or left out."""


def convert(message: OldMessage, place: Place, now: datetime | None = None) -> Converted:
    """Raises CannotMigrate."""
    now = now or datetime.now(timezone.utc)
    notes = list(message.notes)
    request = SendToDlqRequest(queue=place.queue)
    _set_identity(request, place, notes)
    _set_payload(request, message, notes)
    _set_attributes(request, message, notes)
    latest, earlier = failures_of(message)
    request.failure.CopyFrom(latest.failure)
    _set_history(request, message, earlier, place, notes)
    _set_limits(request, message, place, now, notes)
    return Converted(request, notes)


def _set_identity(request: SendToDlqRequest, place: Place, notes: list[str]) -> None:
    """Derives the send number from the message alone, so that every run, also without the state file, uses the
    same. Each message is sent as the first send of its own client."""
    identity = hashlib.sha256(f"{place.queue}\0{place.id}".encode()).digest()
    request.send_number.client_id = identity[16:]
    request.send_number.number = 1
    size = len(place.id.encode())
    if size <= _SOURCE_BYTES:
        request.source_id = place.id
    else:
        digest = hashlib.sha256(place.id.encode()).hexdigest()[:16]
        request.source_id = f"{cut_to_fit(place.id, _SOURCE_BYTES - 17)}-{digest}"
        notes.append(f"message_id has {size} bytes; source_id is its beginning and a hash")
    request.origin.coordinates["message_id"] = cut_to_fit(place.id, _COORDINATE_BYTES)
    request.origin.coordinates["redis_key"] = cut_to_fit(place.key, _COORDINATE_BYTES)


def _set_payload(request: SendToDlqRequest, message: OldMessage, notes: list[str]) -> None:
    payload = message.payload
    try:
        if not isinstance(payload, str):
            request.payload.CopyFrom(payload_of(payload, None))
        elif well_formed(payload) == payload:
            request.payload.CopyFrom(payload_of(payload, _TEXT_TYPE))
        else:
            request.payload.text, request.payload.content_type = json_text(payload), JSON_TYPE
            notes.append(
                "original_message is text with lone surrogates; it is sent as a JSON string"
            )
    except (ValueError, RecursionError) as error:
        raise CannotMigrate(f"original_message can't be encoded as JSON: {error}") from None


def _set_attributes(request: SendToDlqRequest, message: OldMessage, notes: list[str]) -> None:
    metadata = message.metadata
    entries = metadata if isinstance(metadata, dict) else {"metadata": metadata} if metadata else {}
    attributes, problems = attributes_of(entries)
    notes.extend(problems)
    request.attributes.update(attributes)


def _set_history(
    request: SendToDlqRequest,
    message: OldMessage,
    earlier: list[OldFailure],
    place: Place,
    notes: list[str],
) -> None:
    history = request.imported_history
    history.attempts = _at_most(message.attempts, "retry_count", notes)
    history.quarantined = place.is_poison or message.is_poison
    if message.first_failure is not None:
        history.first_failure_time.CopyFrom(timestamp(message.first_failure))
    left_out = len(earlier) - _MAX_FAILURES
    if left_out > 0:
        notes.append(f"error_history: the oldest {left_out} entries are left out")
    for one in earlier[-_MAX_FAILURES:]:
        imported = ImportedFailure(failure=one.failure)
        if one.at is not None:
            imported.time.CopyFrom(timestamp(one.at))
        history.failures.append(imported)


def _set_limits(
    request: SendToDlqRequest, message: OldMessage, place: Place, now: datetime, notes: list[str]
) -> None:
    if message.max_retries is not None:
        request.max_retries = _at_most(message.max_retries, "max_retries", notes)
    if message.next_retry is not None and not request.imported_history.quarantined:
        due = message.next_retry
        if due > now + _MAX_DELAY:
            due = now + _MAX_DELAY
            notes.append("next_retry_time is more than 365 days ahead; set to 365 days")
        request.due_time.CopyFrom(timestamp(due))
    if place.ttl_s is not None:
        # In the service the time to live begins at the first failure.
        age_s = (now - message.first_failure).total_seconds() if message.first_failure else 0.0
        ttl_s = min(max(place.ttl_s + max(age_s, 0.0), 1.0), _MAX_TTL_S)
        request.ttl.CopyFrom(duration("ttl", ttl_s))


def _at_most(count: int, name: str, notes: list[str]) -> int:
    if count > _MAX_COUNT:
        notes.append(f"{name} is {count}; set to {_MAX_COUNT}")
    return min(count, _MAX_COUNT)
