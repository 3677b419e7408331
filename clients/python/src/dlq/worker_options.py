"""Options of a worker."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from ._core.durations import Seconds, duration, seconds
from .delivery import Delivery
from .errors import DlqClientError
from .outcome import OutcomeKind
from .v1.dlq_service_pb2 import StreamDueRequest

_MAX_IN_FLIGHT = 10_000
"""The limit of the server."""

_MAX_IN_FLIGHT_BYTES = 2**53
"""The largest integer that JSON represents exactly. The server has no limit."""


@dataclass(frozen=True)
class SettledDelivery:
    """The new state of a message whose outcome counted."""

    outcome: OutcomeKind
    state: str
    due_time: datetime | None = None
    """When the next attempt is due; None if there is none."""
    quarantine_reason: str | None = None


class WorkerSettings(TypedDict, total=False):
    """Settings of a worker. All are optional."""

    concurrency: int
    """Maximum number of running handlers. Default 16."""
    prefetch: int
    """Deliveries that wait in the worker for a free handler. Set 0 if handlers take seconds and there are
    other workers. Default: `concurrency`."""
    lease_duration: Seconds
    """After this time without an extension the server delivers the message again. Default: the queue's
    (30 s)."""
    max_in_flight_bytes: int
    """Maximum size of all deliveries that the worker holds. Default 64 MiB."""
    worker_id: str
    """Shown in the server's logs. Default: host and process id."""
    drain_timeout: Seconds
    """Time that `stop` waits for running handlers before it cancels them. Default 30."""
    on_error: Callable[[DlqClientError, Delivery | None], object]
    """Called when the stream breaks or an outcome does not count. Default: a log line."""
    on_settled: Callable[[Delivery, SettledDelivery], object]
    """Called for each outcome that counts."""


@dataclass(frozen=True)
class WorkerOptions:
    """The validated options of a worker."""

    queues: Sequence[str]
    concurrency: int = 16
    prefetch: int | None = None
    lease_duration: Seconds | None = None
    max_in_flight_bytes: int | None = None
    worker_id: str | None = None
    drain_timeout: float = 30.0
    on_error: Callable[[DlqClientError, Delivery | None], object] | None = None
    on_settled: Callable[[Delivery, SettledDelivery], object] | None = None

    def __post_init__(self) -> None:
        if not self.queues:
            raise ValueError("queues is empty; name at least one")
        if self.concurrency < 1 or (self.prefetch or 0) < 0:
            raise ValueError("give a concurrency of 1 or more, and a prefetch of 0 or more")
        object.__setattr__(self, "drain_timeout", seconds("drain_timeout", self.drain_timeout))

    @property
    def request(self) -> StreamDueRequest:
        prefetch = self.concurrency if self.prefetch is None else self.prefetch
        request = StreamDueRequest(
            queues=self.queues,
            worker_id=self.worker_id or f"{socket.gethostname()}-{os.getpid()}"[-128:],
            max_in_flight=min(self.concurrency + prefetch, _MAX_IN_FLIGHT),
        )
        if self.lease_duration is not None:
            request.lease_duration.CopyFrom(duration("lease_duration", self.lease_duration))
        if self.max_in_flight_bytes is not None:
            request.max_in_flight_bytes = min(self.max_in_flight_bytes, _MAX_IN_FLIGHT_BYTES)
        return request


def options_of(queues: Sequence[str] | str, settings: WorkerSettings) -> WorkerOptions:
    given = {name: one for name, one in settings.items() if one is not None}
    return WorkerOptions([queues] if isinstance(queues, str) else list(queues), **given)  # type: ignore[arg-type]
