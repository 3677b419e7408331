"""OpenTelemetry's API, if it is installed."""

from __future__ import annotations

import functools
import time
from typing import Any, Literal, NamedTuple

SCOPE = "dlq-client"
"""The name of the tracer and the meter."""


class OpenTelemetry(NamedTuple):
    """Parts of its API."""

    context: Any
    metrics: Any
    trace: Any
    tracer: Any
    propagator: Any
    """Of `traceparent` and `tracestate`."""

    def has_tracer(self) -> bool:
        """Whether the program has set up an SDK or another tracer, as of the last second. Without one, a span would cost
        time for nothing."""
        return _has_tracer(self.trace, int(time.monotonic()))


@functools.lru_cache(maxsize=1)
def _has_tracer(trace: Any, _second: int) -> bool:
    """Looks once a second, because a look costs more than all else of a send without a span."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


@functools.cache
def open_telemetry() -> OpenTelemetry | None:
    """Returns None if it is not installed. An SDK may be set up later."""
    try:
        from opentelemetry import context, metrics, trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        propagator = TraceContextTextMapPropagator()
        return OpenTelemetry(context, metrics, trace, trace.get_tracer(SCOPE), propagator)
    except Exception:  # also of an installation that is broken
        return None


@functools.lru_cache(maxsize=256)
def metric_attributes(
    operation: Literal["send", "process"], queue: str, name: str, value: str, error_type: str | None
) -> dict[str, str | int]:
    """The attributes of one metric: those of the queue, `name` with its value, and `error.type`. Don't change them."""
    attributes = queue_attributes(operation, queue)
    attributes[name] = value
    if error_type is not None:
        attributes["error.type"] = error_type
    return attributes


def queue_attributes(operation: Literal["send", "process"], queue: str) -> dict[str, str | int]:
    """The attributes of all spans and metrics of a queue, by OpenTelemetry's conventions for messaging."""
    return {
        "messaging.system": "dlq",
        "messaging.operation.name": operation,
        "messaging.destination.name": queue,
    }
