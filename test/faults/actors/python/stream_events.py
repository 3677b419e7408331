"""Writes frames of a stream to the history."""

import hashlib
import json
from dataclasses import dataclass

from dlq.v1 import dlq_service_pb2 as dlq

from history import History, ms_of


@dataclass(frozen=True)
class Delivered:
    """The plan and lease of a recorded delivery."""

    plan: str
    expires: float


def write_opened(history: History, stream: str, opened: dlq.Opened) -> None:
    history.write(
        "opened",
        stream=stream,
        session=opened.session_id,
        leaseMs=lease_ms_of(opened),
        leasesHeld=opened.leases_held,
    )


def lease_ms_of(opened: dlq.Opened) -> float:
    return opened.lease_duration.ToNanoseconds() / 1_000_000


def write_delivered(history: History, stream: str, delivery: dlq.Delivery) -> Delivered:
    message = delivery.message
    payload = message.payload.data or message.payload.text.encode()
    plan = json.loads(payload)["plan"]
    expires = ms_of(delivery.lease_expire_time)
    history.write(
        "delivered",
        stream=stream,
        queue=message.queue,
        id=message.id,
        source=message.source_id,
        sum=hashlib.sha256(payload).hexdigest()[:16],
        plan=plan,
        token=delivery.lease_token,
        number=delivery.delivery_number,
        attempt=delivery.attempt,
        unknown=delivery.outcome_unknown,
        expires=expires,
    )
    return Delivered(plan, expires)
