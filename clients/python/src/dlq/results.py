"""Results of a send."""

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
    """The service accepted it. `joined`: as one more failure of an earlier message with its `dedup_key`, or it had the
    send already."""

    status: Literal["sent", "joined"]
    id: str
    """Id of the message, or of the message that it joined. Empty if a routing rule dropped the message, or if the
    service had the send already and has forgotten its result."""
    state: str
    reason: str
    """As given, or as the server derived it from the error."""
    queue: str
    """The queue of the message. A routing rule may have chosen another one than the send."""
    due_time: datetime | None = None
    """When the next retry is due; None if there is none."""
    quarantine_reason: str | None = None
    """Why it is quarantined; None if it is not."""


@dataclass(frozen=True)
class Spooled:
    """Stored on this machine. The client sends it when the service is available again."""

    durable: bool
    """True: on disk. False: in memory, because no file could be written."""
    status: Literal["spooled"] = field(default="spooled", init=False)


@dataclass(frozen=True)
class FailedDelivery:
    """It is the message of the running handler. The failure is the outcome of that delivery."""

    id: str
    status: Literal["delivery"] = field(default="delivery", init=False)


@dataclass(frozen=True)
class Dropped:
    """Not stored. If `error.maybe_stored` is True, the server may have stored it."""

    error: DlqClientError
    status: Literal["dropped"] = field(default="dropped", init=False)


SendResult: TypeAlias = "Stored | Spooled | FailedDelivery | Dropped"
"""Check `status`, or match on the class."""


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


def is_kept(result: SendResult) -> bool:
    """Reports whether the message is in the service or on disk. In memory it would be lost with the process."""
    if isinstance(result, Spooled):
        return result.durable
    return not isinstance(result, Dropped)
