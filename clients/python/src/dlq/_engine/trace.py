"""Reads and sets OpenTelemetry's current trace context, if OpenTelemetry is installed."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlq.v1.message_pb2 import TraceContext


def current_trace() -> Mapping[str, str]:
    """Returns `traceparent` and `tracestate` of the current span; empty if there is none."""
    propagator = _propagator()
    carrier: dict[str, str] = {}
    if propagator is not None:
        try:
            propagator.inject(carrier)
        except Exception:  # foreign code, in an error path
            return {}
    return carrier


@contextlib.contextmanager
def within_trace(trace: TraceContext | None) -> Iterator[None]:
    """Runs the block in the trace of the message."""
    propagator = _propagator()
    if propagator is None or trace is None:
        yield
        return
    from opentelemetry import context

    carrier = {"traceparent": trace.traceparent, "tracestate": trace.tracestate}
    token = context.attach(propagator.extract(carrier))
    try:
        yield
    finally:
        context.detach(token)


@functools.cache
def _propagator() -> Any:
    try:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
    except ImportError:
        return None
    return TraceContextTextMapPropagator()
