"""The deliveries whose handler runs now: one, or those of a batch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextvars import ContextVar

from dlq.v1 import state_pb2
from dlq.v1.dlq_service_pb2 import SendToDlqRequest

from .._core.failure import failure_of
from .._core.log import log as _log
from .._core.payload import DeliveryPayload, same_payload
from .._core.send_request import is_non_retryable
from ..delivery import Delivery
from ..outcome import Outcome, fail, failed_with, release
from ..results import Dropped, FailedDelivery, SendResult, is_kept

current_deliveries: ContextVar[Sequence[Delivery]] = ContextVar("dlq_deliveries", default=())

_QUARANTINE_REASONS = (state_pb2.REASON_POISON_MESSAGE, state_pb2.REASON_MAX_RETRIES_EXCEEDED)


def forwarded_by(payload: object) -> Delivery | None:
    """Returns the running delivery that is sent as it is, for instance to another queue."""
    if isinstance(payload, Delivery):
        return payload
    raw = payload.raw if isinstance(payload, DeliveryPayload) else None
    running = current_deliveries.get()
    return next((one for one in running if one.payload.raw is raw), None)


def fail_forwarded(
    delivery: Delivery, queue: str, result: SendResult, error: object, earlier: Outcome | None
) -> None:
    """Its handler may not look at the result. A later try that is kept takes the failure back.

    `earlier`: the failure when the send began.
    """
    if is_kept(result):
        if delivery._forwarding_failure is earlier:  # not of a send at the same time
            delivery._forwarding_failure = None
    elif not delivery._has_ended:
        dropped = result.error if isinstance(result, Dropped) else "the message is only in memory"
        delivery._forwarding_failure = fail(dropped if error is None else error)
    elif isinstance(result, Dropped):  # too late to fail it
        _log.error(
            'dlq: dropped message %s of queue "%s", sent to queue "%s" after its handler had ended (%s): if the handler '
            "succeeded, the message is lost; wait for the send in the handler",
            delivery.id,
            delivery.queue,
            queue,
            result.error.kind,
        )


def fail_current(
    request: SendToDlqRequest, payload: object, error: object, target: str
) -> FailedDelivery | None:
    """Makes the send the outcome of the running delivery, instead of sending a second message. Returns None if it is
    not for the same message. Of equal messages in a batch, each send gets another one.

    `payload`: as given to the send. In threads that the handler has started itself, only the delivery is recognized.
    """
    given = [payload] if isinstance(payload, Delivery) else []
    same = [
        delivery
        for delivery in (*given, *current_deliveries.get())
        if delivery._target == target and not delivery._has_ended and _is_of(request, delivery)
    ]
    unsent = (delivery for delivery in same if delivery._own_outcome is None)
    delivery = next(unsent, same[0] if same else None)
    if delivery is None or not delivery._fail_by_send(_outcome_of(delivery, request, error)):
        return None
    return FailedDelivery(delivery.id)


def _is_of(request: SendToDlqRequest, delivery: Delivery) -> bool:
    if delivery.queue != request.queue:
        return False
    if delivery.source_id and request.source_id:
        return delivery.source_id == request.source_id
    return same_payload(delivery.payload.raw, request.payload)


def _outcome_of(delivery: Delivery, request: SendToDlqRequest, error: object) -> Outcome:
    if delivery.cancelled:  # it failed because of that
        return delivery._own_outcome or release()
    failure = request.failure if request.HasField("failure") else failure_of("")
    retry_after = None
    first_retry = request.WhichOneof("first_retry")
    if first_retry == "delay":
        retry_after = request.delay.ToNanoseconds() / 1e9
    elif first_retry == "due_time":
        retry_after = max(0.0, request.due_time.ToNanoseconds() / 1e9 - time.time())
    is_final = is_non_retryable(error) or failure.reason in _QUARANTINE_REASONS
    return failed_with(error, failure, retry_after, is_final)
