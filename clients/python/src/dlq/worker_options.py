"""Options of a worker."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from ._core.durations import Seconds, duration, seconds
from ._core.option_checks import (
    queue_name,
    require_count,
    require_known,
    require_plain_function,
    require_type,
)
from .delivery import Delivery
from .errors import DlqClientError
from .middleware import AsyncMiddleware, Middleware
from .outcome import OutcomeKind
from .v1.dlq_service_pb2 import StreamDueRequest

_CONCURRENCY = 16
_BATCH_SIZE = 100
_MAX_BATCH_SIZE = 1_000

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
    error: object = None
    """What the handler raised, or gave to `fail`; None if it did not fail."""
    duration: timedelta = timedelta(0)
    """How long the handler ran."""


class WorkerSettings(TypedDict, total=False):
    """Settings of a worker. All are optional."""

    concurrency: int
    """Maximum number of running handlers. Default 16; of batch handlers 1, so that others collect meanwhile."""
    batch_size: int
    """Maximum of deliveries that a batch handler gets at once, 1 to 1,000. Default 100."""
    middleware: Sequence[Middleware | AsyncMiddleware]
    """They run around the handler; the first is the outermost. Async for async handlers, plain for others. Not
    for batch handlers."""
    prefetch: int
    """Deliveries that wait in the worker for a free handler. Set 0 if handlers take seconds and there are
    other workers. Default: as many as run at a time."""
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
    """Called when a handler fails, the stream breaks, or an outcome does not count. Default: a log line; for a
    failed handler with its traceback."""
    on_settled: Callable[[Delivery, SettledDelivery], object]
    """Called for each outcome that counts."""


@dataclass(frozen=True)
class HandlerCalls:
    """How a worker calls its handler."""

    is_batch: bool
    batch_size: int
    concurrency: int


@dataclass(frozen=True)
class WorkerOptions:
    """The validated options of a worker."""

    queues: Sequence[str]
    concurrency: int | None = None
    batch_size: int | None = None
    middleware: Sequence[Middleware | AsyncMiddleware] = ()
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
        _check_count("concurrency", self.concurrency, 1)
        _check_count("batch_size", self.batch_size, 1, _MAX_BATCH_SIZE)
        _check_count("prefetch", self.prefetch, 0)
        _check_count("max_in_flight_bytes", self.max_in_flight_bytes, 1)
        drain_s = seconds("drain_timeout", self.drain_timeout)
        if drain_s < 0:
            raise ValueError(f"drain_timeout is {drain_s:g}; give 0 or more seconds")
        object.__setattr__(self, "drain_timeout", drain_s)
        if self.lease_duration is not None and seconds("lease_duration", self.lease_duration) <= 0:
            raise ValueError(f"lease_duration is {self.lease_duration}; give seconds above 0")
        for name in ("on_error", "on_settled"):
            if getattr(self, name) is not None:
                require_plain_function(name, getattr(self, name))
        require_type("middleware", self.middleware, Sequence, "a list of functions")
        for one in self.middleware:
            require_type("middleware", one, Callable, "a list of functions")  # type: ignore[arg-type]
        require_type("worker_id", self.worker_id, (str, type(None)), "text")

    def calls(self, *, is_batch: bool) -> HandlerCalls:
        """Raises TypeError for an option that does not belong to this kind of handler."""
        if not is_batch and self.batch_size is not None:
            raise TypeError("batch_size is for batch handlers; call run_batches or start_batches")
        if is_batch and self.middleware:
            raise TypeError("middleware is not for batch handlers")
        concurrency = self.concurrency or (1 if is_batch else _CONCURRENCY)
        batch_size = (self.batch_size or _BATCH_SIZE) if is_batch else 1
        return HandlerCalls(is_batch, batch_size, concurrency)

    def request(self, calls: HandlerCalls) -> StreamDueRequest:
        at_once = calls.concurrency * calls.batch_size
        prefetch = at_once if self.prefetch is None else self.prefetch
        request = StreamDueRequest(
            queues=self.queues,
            worker_id=self.worker_id or f"{socket.gethostname()}-{os.getpid()}"[-128:],
            max_in_flight=min(at_once + prefetch, _MAX_IN_FLIGHT),
        )
        if self.lease_duration is not None:
            request.lease_duration.CopyFrom(duration("lease_duration", self.lease_duration))
        if self.max_in_flight_bytes is not None:
            request.max_in_flight_bytes = min(self.max_in_flight_bytes, _MAX_IN_FLIGHT_BYTES)
        return request


def options_of(queues: Sequence[str] | str, settings: WorkerSettings) -> WorkerOptions:
    require_known("a worker", settings, WorkerSettings)
    given = {name: one for name, one in settings.items() if one is not None}
    names = queues if isinstance(queues, Iterable) and not isinstance(queues, str) else [queues]
    return WorkerOptions([queue_name(one) for one in names], **given)  # type: ignore[arg-type]


def _check_count(name: str, value: int | None, least: int, most: int | None = None) -> None:
    if value is not None:
        require_count(name, value, least, most)
