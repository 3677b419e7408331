"""What a client measures."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable
from typing import get_args

from ..outcome import Outcome, error_type_of
from ..results import Dropped, SendResult
from ..status import ClientStatus, SendStatus
from .instruments import instruments
from .otel import queue_attributes


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
            attributes = queue_attributes("send", queue)
            attributes["dlq.status"] = result.status
            if isinstance(result, Dropped):
                attributes["error.type"] = result.error.kind
            with contextlib.suppress(Exception):  # foreign code must not break an error path
                instruments.sends.add(1, attributes)

    def handled(self, queue: str, outcome: Outcome, ran_s: float) -> None:
        """A handler of a message of this queue has ended after `ran_s` seconds."""
        if instruments.handlers is not None:
            attributes = queue_attributes("process", queue)
            attributes["dlq.outcome"] = outcome.kind
            error_type = error_type_of(outcome)
            if error_type is not None:
                attributes["error.type"] = error_type
            with contextlib.suppress(Exception):
                instruments.handlers.record(ran_s, attributes)

    def state(self) -> tuple[str, ClientStatus] | None:
        """Returns the target and the status of the client; None if the client does not exist any more."""
        status = self._status()
        return None if status is None else (self._target, status())

    def close(self) -> None:
        """Ends the metrics of the client's state."""
        instruments.forget(self)
