"""Converts messages of the service to those of the old package."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from .._core.durations import moment
from .._core.failure import failure_of
from ..delivery import Delivery
from ..results import SendResult, Spooled, Stored
from ..v1.failure_pb2 import Failure
from ..worker_options import SettledDelivery
from .config import DLQConfig
from .models import DLQMessage, DLQReason, reason_name_of


def original_message_of(delivery: Delivery) -> Any:
    """Returns the message as it was passed to `send_to_dlq`."""
    payload = delivery.payload
    if payload.raw.WhichOneof("body") == "data":
        return payload.bytes
    if payload.content_type.partition(";")[0].strip().endswith("json"):
        try:
            return payload.json()
        except ValueError:
            pass  # invalid JSON: pass it on as text
    return payload.text


def reason_of(reason: object) -> DLQReason:
    """Accepts what `send_to_dlq` accepts."""
    name = reason_name_of(reason)
    return DLQReason.UNKNOWN_ERROR if name is None else DLQReason[name]


def is_added(result: SendResult) -> bool:
    """Reports whether the send made a new message, which may still be on this machine."""
    if isinstance(result, Stored):
        return result.status == "sent" and result.id != ""
    return isinstance(result, Spooled)


def delivered_message(delivery: Delivery, queue_name: str, config: DLQConfig) -> DLQMessage:
    """Returns the message before its handler gets it."""
    raw = delivery._raw.message
    failure = delivery.latest_failure
    return DLQMessage(
        message_id=delivery.id,
        queue_name=queue_name,
        original_message=original_message_of(delivery),
        reason=reason_of(delivery.reason),
        error_details=failure.message if failure else "",
        stack_trace=(failure.stack_trace or None) if failure else None,
        retry_count=raw.attempts,
        max_retries=min(config.max_retries, config.retry_policy.max_retries),
        first_failure_time=moment(raw.create_time),
        metadata=dict(delivery.attributes),
        status="retrying",
        error_history=[_entry_of(failure)] if failure else [],
    )


def settled_message(
    delivery: Delivery, settled: SettledDelivery, queue_name: str, config: DLQConfig
) -> DLQMessage:
    """Returns the message after its handler has succeeded or failed."""
    message = delivered_message(delivery, queue_name, config)
    if settled.outcome == "succeeded":
        message.status = "succeeded"
        return message
    failure = failure_of(settled.error)
    message.retry_count += 1
    message.error_details = failure.message
    message.stack_trace = failure.stack_trace or None
    message.last_failure_time = datetime.now(timezone.utc)
    message.next_retry_time = settled.due_time
    message.status = "poison" if settled.state == "QUARANTINED" else "pending"
    message.error_history.append(_entry_of(failure))
    return message


def _entry_of(failure: Failure) -> dict[str, Any]:
    return {
        "error_type": failure.type,
        "error_details": failure.message,
        "stack_trace": failure.stack_trace or None,
    }
