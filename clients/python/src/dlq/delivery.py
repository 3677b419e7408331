"""One delivery of a message to a handler."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import datetime
from typing import Any

from ._core.durations import Seconds, moment, optional_seconds
from ._core.names import reason_name
from ._core.payload import DeliveryPayload
from .outcome import Outcome
from .results import SendResult
from .v1 import dlq_service_pb2 as pb
from .v1.failure_pb2 import Failure
from .v1.message_pb2 import Origin, TraceContext


class Delivery:
    """A message and its lease, until its outcome is reported.

    Wait in the handler for sends of the delivery in threads or tasks that it starts. If one begins after the end of the
    handler and is dropped, the outcome stays: the log names the message, which is lost if the handler succeeded.
    """

    def __init__(self, raw: pb.Delivery, target: str, now: float) -> None:
        self._raw = raw
        self._target = target
        """Of the service that has the message."""
        self._leased_at = now
        """When the lease was granted or last extended, by the monotonic clock."""
        self._handled_s = 0.0
        """How long its handler ran; 0 before its end."""
        self._is_closed = False
        """Its outcome is reported, or the message released."""
        self._is_lost = False
        """The lease is lost."""
        self._pid = os.getpid()
        self._has_ended = False
        """Its handler has ended."""
        self._own_outcome: Outcome | None = None
        """Of a `send` of this message in its handler."""
        self._forwarding_failure: Outcome | None = None
        """Of the last send to another queue, if it was not kept."""
        self._forwards: list[Future[SendResult]] = []
        """Its sends to other queues."""
        self._lock = threading.Lock()
        self._is_cancelled = False
        self._cancelling: threading.Event | None = None
        """Made by the first `wait_cancelled`: most handlers don't wait for it, and it costs more than all else here."""

    @property
    def cancelled(self) -> bool:
        """The lease is lost, or a stopping worker does not wait any longer. A handler in a thread should
        check it and return, which releases the message; an asyncio handler is cancelled."""
        return self._is_cancelled

    def wait_cancelled(self, timeout: Seconds | None = None) -> bool:
        """Waits until the delivery is cancelled, or for `timeout`. Returns `cancelled`."""
        seconds = optional_seconds("timeout", timeout)
        with self._lock:
            if self._is_cancelled:
                return True
            if self._cancelling is None:
                self._cancelling = threading.Event()
        return self._cancelling.wait(seconds)

    @property
    def id(self) -> str:
        """The id of the message in the service."""
        return self._raw.message.id

    @property
    def queue(self) -> str:
        return self._raw.message.queue

    @property
    def payload(self) -> DeliveryPayload:
        return DeliveryPayload(self._raw.message.payload)

    @property
    def text(self) -> str:
        """The payload as text."""
        return self.payload.text

    @property
    def bytes(self) -> bytes:
        """The payload as bytes."""
        return self.payload.bytes

    def json(self) -> Any:
        """Returns the parsed payload. Raises ValueError if it is not JSON."""
        return self.payload.json()

    @property
    def attributes(self) -> Mapping[str, str]:
        """Headers of the message."""
        return self._raw.message.attributes

    @property
    def attempt(self) -> int:
        """1 for the first."""
        return self._raw.attempt

    @property
    def delivery_number(self) -> int:
        """Counts all deliveries, also lost and released ones. 1 for the first."""
        return self._raw.delivery_number

    @property
    def outcome_unknown(self) -> bool:
        """An earlier delivery ended without an outcome. Check whether its work is already done."""
        return self._raw.outcome_unknown

    @property
    def reason(self) -> str:
        """The reason of the latest failure."""
        return reason_name(self._raw.message.reason)

    @property
    def latest_failure(self) -> Failure | None:
        message = self._raw.message
        return message.failure if message.HasField("failure") else None

    @property
    def failure_count(self) -> int:
        """How many failures are recorded."""
        return self._raw.message.failure_count

    @property
    def source_id(self) -> str:
        """The producer's own id of the message; empty if none was given."""
        return self._raw.message.source_id

    @property
    def dedup_key(self) -> str:
        return self._raw.message.dedup_key

    @property
    def ordering_key(self) -> str:
        return self._raw.message.ordering_key

    @property
    def priority(self) -> int:
        return self._raw.message.priority

    @property
    def origin(self) -> Origin | None:
        message = self._raw.message
        return message.origin if message.HasField("origin") else None

    @property
    def trace_context(self) -> TraceContext | None:
        message = self._raw.message
        return message.trace_context if message.HasField("trace_context") else None

    @property
    def lease_expire_time(self) -> datetime:
        """When the lease expires, unless the worker extends it again."""
        return moment(self._raw.lease_expire_time)

    @property
    def lease_token(self) -> str:
        return self._raw.lease_token

    @property
    def _sent_outcome(self) -> Outcome | None:
        """What its sends say about it."""
        return self._own_outcome or self._forwarding_failure

    def _fail_by_send(self, outcome: Outcome) -> bool:
        """Sets the outcome. Returns False if the handler has ended, which has decided it, or runs in the parent of a
        forked process."""
        if self._pid != os.getpid():
            return False
        with self._lock:
            if not self._has_ended:
                self._own_outcome = outcome
            return not self._has_ended

    def _end_forwarding(self, earlier: Outcome | None, failure: Outcome | None) -> bool:
        """A send to another queue has ended. If it was kept, that takes back the failure of those that had ended
        before it began. Returns False if the handler has ended, which has decided the outcome.

        `earlier`: `_forwarding_failure` when the send began. `failure`: None if it was kept.
        """
        with self._lock:
            if not self._has_ended and (failure or self._forwarding_failure is earlier):
                self._forwarding_failure = failure
            return not self._has_ended

    def _cancel(self) -> None:
        with self._lock:
            self._is_cancelled = True
            if self._cancelling is not None:
                self._cancelling.set()

    def _end(self) -> None:
        """The handler has ended. From now on `_sent_outcome` stays."""
        with self._lock:
            self._has_ended = True

    def __copy__(self) -> Delivery:
        """Returns the delivery itself: what is sent as its copy must be known to be this message."""
        return self

    def __repr__(self) -> str:
        return f"Delivery({self.id}, queue={self.queue!r}, attempt={self.attempt})"
