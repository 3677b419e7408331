"""The deliveries whose handler runs now: one, or those of a batch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextvars import ContextVar

from dlq.v1 import state_pb2
from dlq.v1.dlq_service_pb2 import SendToDlqRequest

from .._core.failure import failure_of
from .._core.json_text import not_json
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
    failure = None
    if not is_kept(result):
        dropped = result.error if isinstance(result, Dropped) else "the message is only in memory"
        failure = fail(dropped if error is None else error)
    is_in_time = delivery._end_forwarding(earlier, failure)
    if isinstance(result, Dropped) and not is_in_time:
        _log.error(
            'dlq: the send of message %s of queue "%s" to queue "%s" was dropped after the end of its handler: the '
            "message may be lost; await the send in the handler",
            delivery.id,
            delivery.queue,
            queue,
        )


def fail_held(payload: object, queue: str, result: Dropped, error: object) -> None:
    """Fails the deliveries in a payload that was dropped because JSON can't hold them, such as a list of deliveries."""
    for part in not_json(payload):
        delivery = forwarded_by(part)
        if delivery is not None:
            fail_forwarded(delivery, queue, result, error, None)


def fail_current(
    request: SendToDlqRequest, given: Delivery | None, error: object, target: str
) -> FailedDelivery | None:
    """Makes the send the outcome of the running delivery, instead of sending a second message. Returns None if it is
    not for the same message. Of equal messages in a batch, each send gets another one.

    `given`: by `forwarded_by`. In threads that the handler has started itself, only the delivery is recognized.
    """

    def rank(delivery: Delivery) -> tuple[bool, bool]:
        has_other_id = bool(request.source_id) and delivery.source_id != request.source_id
        return has_other_id, delivery._own_outcome is not None

    same = [
        delivery
        for delivery in (current_deliveries.get() if given is None else (given,))
        if delivery._target == target and not delivery._has_ended and _is_of(request, delivery)
    ]
    delivery = min(same, key=rank, default=None)
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
