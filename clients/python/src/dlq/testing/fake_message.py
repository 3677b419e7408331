"""A message of the fake, and the decisions of the service on it."""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass, field

from dlq.v1 import dlq_service_pb2 as pb
from dlq.v1 import state_pb2
from dlq.v1.failure_pb2 import Failure

from .._core.payload import DeliveryPayload
from .._core.presets import PRESET_RETRIES, preset_retries
from .fake_reason import reason_of

_POISON_THRESHOLD = 5


def _new_id() -> str:
    """Returns a UUIDv7, as the service does: a client reads when the message was accepted."""
    now_ms = time.time_ns() // 10**6
    time_and_version = now_ms << 80 | 7 << 76 | secrets.randbits(12) << 64
    return str(uuid.UUID(int=time_and_version | 2 << 62 | secrets.randbits(62)))


@dataclass
class FakeMessage:
    """A dead letter and its state."""

    request: pb.SendToDlqRequest
    id: str = field(default_factory=_new_id)
    state: str = "SCHEDULED"
    """`SCHEDULED`, `IN_FLIGHT`, `QUARANTINED`, `SUCCEEDED` or `DISCARDED`."""
    quarantine_reason: str = ""
    """Why it is quarantined, such as `RETRIES_EXHAUSTED`; empty if it is not."""
    due_at: float = 0.0
    attempts: int = 0
    """Since it was sent or last retried out of quarantine."""
    deliveries: int = 0
    failures: list[Failure] = field(default_factory=list)
    """The failure it was sent with, then those of attempts and joined sends."""
    lease_token: str = ""
    session_id: str = ""
    """Session of the worker that holds it."""
    is_poison: bool = False
    """Too many sends of its source id."""

    @property
    def payload(self) -> DeliveryPayload:
        return DeliveryPayload(self.request.payload)

    @property
    def reason(self) -> int:
        """Number of the reason of the latest failure."""
        return reason_of(self.failures[-1])

    def arrive(self) -> None:
        """Decides on a new message."""
        request = self.request
        history = request.imported_history
        self.attempts = history.attempts
        if request.HasField("delay"):
            self.due_at = time.monotonic() + request.delay.ToNanoseconds() / 1e9
        elif request.HasField("due_time"):
            self.due_at = time.monotonic() + request.due_time.ToNanoseconds() / 1e9 - time.time()
        if self.reason in (
            state_pb2.REASON_POISON_MESSAGE,
            state_pb2.REASON_MAX_RETRIES_EXCEEDED,
        ):
            self.quarantine("PRODUCER_REQUEST")
        elif self.attempts >= self._max_retries:
            self.quarantine("RETRIES_EXHAUSTED")
        elif history.quarantined:
            self.quarantine("PRODUCER_REQUEST")

    def count(self, sends: int) -> None:
        """Decides after another send of its source id. `sends` is their number."""
        self.is_poison = sends >= _POISON_THRESHOLD
        if self.is_poison and self.state == "SCHEDULED":
            self.quarantine("POISON")

    def settle(self, outcome: pb.Outcome) -> None:
        """Applies the outcome of a delivery."""
        kind = outcome.WhichOneof("result")
        if kind == "failed":
            self.attempts += 1
            self.failures.append(outcome.failed.failure)
            self.state = "SCHEDULED"
            if outcome.failed.non_retryable:
                self.quarantine("NON_RETRYABLE")
            elif self.is_poison:
                self.quarantine("POISON")
            elif self.attempts >= self._max_retries:
                self.quarantine("RETRIES_EXHAUSTED")
        elif kind == "quarantined":
            self.quarantine("WORKER_REQUEST")
        else:
            self.state = {"succeeded": "SUCCEEDED", "discarded": "DISCARDED"}.get(
                kind or "", "SCHEDULED"
            )

    def quarantine(self, reason: str) -> None:
        self.state, self.quarantine_reason = "QUARANTINED", reason

    def retry(self) -> None:
        """Makes it due now."""
        if self.state == "QUARANTINED":
            self.attempts, self.is_poison = 0, False
        self.state, self.quarantine_reason, self.due_at = "SCHEDULED", "", 0.0

    @property
    def _max_retries(self) -> int:
        policy = self.request.retry_policy
        if self.request.HasField("max_retries"):
            return self.request.max_retries
        if policy.HasField("max_retries"):
            return policy.max_retries
        if policy.schedule:
            return len(policy.schedule)
        return PRESET_RETRIES.get(policy.preset) or preset_retries(self.reason)
