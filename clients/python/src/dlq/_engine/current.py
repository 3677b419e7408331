"""The delivery whose handler runs at present."""

from __future__ import annotations

import time
from contextvars import ContextVar

from dlq.v1 import state_pb2
from dlq.v1.dlq_service_pb2 import SendToDlqRequest

from .._core.failure import failure_of
from .._core.letter import is_non_retryable
from .._core.payload import same_payload
from ..delivery import Delivery
from ..outcome import failed_with, release
from ..results import FailedDelivery

current_delivery: ContextVar[Delivery | None] = ContextVar("dlq_delivery", default=None)

_GIVEN_UP = (state_pb2.REASON_POISON_MESSAGE, state_pb2.REASON_MAX_RETRIES_EXCEEDED)


def same_as_current(request: SendToDlqRequest, client: object) -> Delivery | None:
    """The running delivery if a send is of the same message: then it is no second message."""
    held = current_delivery.get()
    if held is None or held._is_closed or held._client is not client:
        return None
    if held.queue != request.queue:
        return None
    if held.source_id and request.source_id:
        return held if held.source_id == request.source_id else None
    return held if same_payload(held.payload.raw, request.payload) else None


def becomes_outcome(held: Delivery, request: SendToDlqRequest, error: object) -> FailedDelivery:
    """The message is there already, and its handler has it: the failure is reported, not sent again."""
    if held.cancelled.is_set():
        held._sent = held._sent or release()  # that, and not the message, is why it failed
        return FailedDelivery(held.id)
    failure = request.failure if request.HasField("failure") else failure_of("")
    retry_after = None
    first_retry = request.WhichOneof("first_retry")
    if first_retry == "delay":
        retry_after = request.delay.ToNanoseconds() / 1e9
    elif first_retry == "due_time":
        retry_after = max(0.0, request.due_time.ToNanoseconds() / 1e9 - time.time())
    held._sent = failed_with(
        failure, retry_after, is_non_retryable(error) or failure.reason in _GIVEN_UP
    )
    return FailedDelivery(held.id)
