"""What became of a send."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from ._core.durations import moment
from ._core.names import quarantine_reason_name, reason_name, state_name
from .errors import DlqClientError
from .v1.dlq_service_pb2 import SendToDlqResponse


@dataclass(frozen=True)
class Stored:
    """The service has it. `joined`: as one more failure of an earlier message of its `dedup_key`."""

    status: Literal["sent", "joined"]
    id: str
    """The message's id; of the message it joined, if it did."""
    state: str
    reason: str
    """As given, or as the server read it from the error."""
    queue: str
    """Where it is: a routing rule may have chosen another queue."""
    due_time: datetime | None = None
    """When the next retry is due, if one is."""
    quarantine_reason: str | None = None
    """Why it went to quarantine, if it did."""


@dataclass(frozen=True)
class Spooled:
    """This machine has it, and delivers it when the service is back."""

    durable: bool
    """False: in memory only, because no file could be written."""
    status: Literal["spooled"] = field(default="spooled", init=False)


@dataclass(frozen=True)
class FailedDelivery:
    """It is the message that the running handler works on: the failure is that delivery's outcome."""

    id: str
    status: Literal["delivery"] = field(default="delivery", init=False)


@dataclass(frozen=True)
class Dropped:
    """Nobody has it, or nobody knows (`error.maybe_stored`)."""

    error: DlqClientError
    status: Literal["dropped"] = field(default="dropped", init=False)


SendResult: TypeAlias = "Stored | Spooled | FailedDelivery | Dropped"
"""Look at `status`, or match on the class."""


def stored_from(response: SendToDlqResponse, queue: str) -> Stored:
    return Stored(
        status="joined" if response.duplicate else "sent",
        id=response.id,
        state=state_name(response.state),
        reason=reason_name(response.reason),
        queue=response.queue or queue,
        due_time=moment(response.due_time) if response.HasField("due_time") else None,
        quarantine_reason=(
            quarantine_reason_name(response.quarantine_reason)
            if response.quarantine_reason
            else None
        ),
    )
