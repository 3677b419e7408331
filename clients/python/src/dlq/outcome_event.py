"""What became of a sent message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from ._core.durations import moment
from ._core.names import quarantine_reason_name, reason_name
from .v1.event_pb2 import Event
from .v1.state_pb2 import MESSAGE_STATE_SCHEDULED


@dataclass(frozen=True)
class OutcomeEvent:
    """What `on_succeeded`, `on_failed` and `on_quarantined` of a client get."""

    id: str
    """Of the message, as the send returned it."""
    queue: str
    """Where it happened: a message may have moved to another queue."""
    attempts: int
    """Failed ones so far."""
    reason: str
    """Why it failed last."""
    time: datetime
    quarantine_reason: str | None = None
    """Why it is quarantined; None if it is not."""
    due_time: datetime | None = None
    """When the next attempt is due; None if none is planned."""
    note: str = ""
    """Of the worker, or the name of the rule that decided."""
    source_id: str = ""
    """As sent."""


OutcomeCallback: TypeAlias = Callable[[OutcomeEvent], object]


def outcome_event_of(event: Event, source_id: str) -> OutcomeEvent:
    why = event.quarantine_reason
    # Of a message that does not wait it is that of the last attempt.
    is_planned = event.state == MESSAGE_STATE_SCHEDULED and event.HasField("due_time")
    return OutcomeEvent(
        id=event.message_id,
        queue=event.queue,
        attempts=event.retry_count,
        reason=reason_name(event.reason),
        time=moment(event.time),
        quarantine_reason=quarantine_reason_name(why) if why else None,
        due_time=moment(event.due_time) if is_planned else None,
        note=event.note,
        source_id=source_id,
    )
