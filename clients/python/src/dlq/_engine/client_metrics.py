"""What a client measures."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import get_args

from ..outcome import Outcome, error_type_of
from ..results import Dropped, SendResult
from ..status import ClientStatus, SendStatus
from .instruments import instruments
from .otel import metric_attributes


class ClientMetrics:
    """Counts sends, and has the metrics of a client if OpenTelemetry's API is installed. May be used in any thread."""

    def __init__(self, target: str, status: Callable[[], ClientStatus]) -> None:
        """`target`: of the client, as `dlq.target` of the metrics of its state. `status`: a method of the client."""
        self._target = target
        self._status = weakref.WeakMethod(status)
        self.reset()
        instruments.observe(self)

    def reset(self) -> None:
        """For a forked process, which counts its own sends."""
        self._lock = threading.Lock()
        self._sends: dict[SendStatus, int] = dict.fromkeys(get_args(SendStatus), 0)

    @property
    def sends(self) -> dict[SendStatus, int]:
        """Number of sends, by their status."""
        with self._lock:
            return dict(self._sends)

    def sent(self, queue: str, result: SendResult) -> None:
        with self._lock:
            self._sends[result.status] += 1
        if instruments.sends is not None:
            error_type = result.error.kind if isinstance(result, Dropped) else None
            attributes = metric_attributes("send", queue, "dlq.status", result.status, error_type)
            try:
                instruments.sends.add(1, attributes)
            except Exception:  # foreign code must not break an error path
                pass

    def handled(self, queue: str, outcome: Outcome, ran_s: float) -> None:
        """A handler of a message of this queue has ended after `ran_s` seconds."""
        if instruments.handlers is not None:
            error_type = error_type_of(outcome)
            attributes = metric_attributes(
                "process", queue, "dlq.outcome", outcome.kind, error_type
            )
            try:
                instruments.handlers.record(ran_s, attributes)
            except Exception:
                pass

    def state(self) -> tuple[str, ClientStatus] | None:
        """Returns the target and the status of the client; None if the client does not exist any more."""
        status = self._status()
        return None if status is None else (self._target, status())

    def close(self) -> None:
        """Ends the metrics of the client's state."""
        instruments.forget(self)
