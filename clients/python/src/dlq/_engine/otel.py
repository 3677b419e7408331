"""OpenTelemetry's API, if it is installed."""

from __future__ import annotations

import functools
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


def queue_attributes(operation: Literal["send", "process"], queue: str) -> dict[str, str | int]:
    """The attributes of all spans and metrics of a queue, by OpenTelemetry's conventions for messaging."""
    return {
        "messaging.system": "dlq",
        "messaging.operation.name": operation,
        "messaging.destination.name": queue,
    }
