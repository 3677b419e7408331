"""Spans of sends and handlers, by OpenTelemetry's conventions for messaging. Without its API, or without a tracer that
records, there are none."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from ..delivery import Delivery
from ..outcome import Outcome, error_type_of
from ..results import Dropped, FailedDelivery, SendResult, Stored
from .otel import OpenTelemetry, open_telemetry, queue_attributes


class _Span:
    """A span and its context. Faults of OpenTelemetry have no effect: it is foreign code, in an error path."""

    def __init__(self) -> None:
        self._api = open_telemetry()
        self._span: Any = None
        """None if it does not record."""
        self._context: Any = None
        """None: the context of the caller."""
        if self._api is not None:
            try:
                self._start(self._api)
            except Exception:
                pass

    def _start(self, api: OpenTelemetry) -> None:
        raise NotImplementedError

    def _set(self, api: OpenTelemetry, span: Any) -> bool:
        """Makes it the span, if it records. Returns whether it does."""
        if span.is_recording():
            self._span = span
            self._context = api.trace.set_span_in_context(span)
        return self._span is not None

    def _set_error(self, type_: str, message: str | None = None) -> None:
        self._span.set_attribute("error.type", type_)
        if self._api is not None:
            trace = self._api.trace
            self._span.set_status(trace.Status(trace.StatusCode.ERROR, message))


class SendSpan(_Span):
    """Of one send, within the current span. Its context goes with the message."""

    def __init__(self, queue: str) -> None:
        self._queue = queue
        super().__init__()

    def _start(self, api: OpenTelemetry) -> None:
        if not api.has_tracer():
            return
        attributes = queue_attributes("send", self._queue)
        attributes["messaging.operation.type"] = "send"
        kind = api.trace.SpanKind.PRODUCER
        name = f"send {self._queue}"
        self._set(api, api.tracer.start_span(name, kind=kind, attributes=attributes))

    def trace_context(self) -> dict[str, str]:
        """Returns `traceparent` and `tracestate`, without a span of its own those of the current one; empty if there is
        none."""
        carrier: dict[str, str] = {}
        if self._api is not None:
            try:
                self._api.propagator.inject(carrier, self._context)
            except Exception:
                pass
        return carrier

    def end(self, result: SendResult) -> None:
        """May be called in any thread."""
        if self._span is None:
            return
        with contextlib.suppress(Exception):
            self._span.set_attribute("dlq.status", result.status)
            if isinstance(result, (Stored, FailedDelivery)):
                self._span.set_attribute("messaging.message.id", result.id)
            if isinstance(result, Dropped):
                self._set_error(result.error.kind, str(result.error))
            self._span.end()


class HandlerSpan(_Span):
    """Of one call of a handler. It is the first of a new trace, because a retry may come hours after the send, and
    links to the spans of the sends. Without a tracer that records, the span of the send of a single delivery is active."""

    def __init__(self, deliveries: Sequence[Delivery]) -> None:
        self._deliveries = deliveries
        super().__init__()

    def _start(self, api: OpenTelemetry) -> None:
        first, count = self._deliveries[0], len(self._deliveries)
        attributes = queue_attributes("process", first.queue)
        attributes["messaging.operation.type"] = "process"
        if count == 1:
            attributes["messaging.message.id"] = first.id
            attributes["dlq.attempt"] = first.attempt
        else:
            attributes["messaging.batch.message_count"] = count
        nothing = api.context.Context()
        name, kind = f"process {first.queue}", api.trace.SpanKind.CONSUMER
        span = api.tracer.start_span(name, context=nothing, kind=kind, attributes=attributes)
        if self._set(api, span):
            for delivery in self._deliveries:
                sent_in = _context_of(api, delivery, nothing)
                span.add_link(api.trace.get_current_span(sent_in).get_span_context())
        elif count == 1 and first.trace_context is not None:
            self._context = _context_of(api, first)

    def __enter__(self) -> None:
        """The block runs in the context of the span."""
        self._token = (
            None
            if self._api is None or self._context is None
            else self._api.context.attach(self._context)
        )

    def __exit__(self, *_: object) -> None:
        if self._api is not None and self._token is not None:
            self._api.context.detach(self._token)

    def end(self, outcomes: Sequence[Outcome]) -> None:
        """`outcomes` of the deliveries. May be called in any thread."""
        if self._span is None:
            return
        with contextlib.suppress(Exception):
            kinds = dict.fromkeys(outcome.kind for outcome in outcomes)
            self._span.set_attribute("dlq.outcome", ",".join(kinds))
            failed = next((one for one in outcomes if one.kind == "failed"), None)
            if failed is not None:
                if isinstance(failed.error, BaseException):
                    self._span.record_exception(failed.error)
                self._set_error(error_type_of(failed) or "")
            self._span.end()


def handler_span(deliveries: Sequence[Delivery]) -> HandlerSpan | None:
    """Returns None if there is neither a span nor the context of one."""
    api = open_telemetry()
    if api is None:
        return None
    is_traced = len(deliveries) == 1 and deliveries[0].trace_context is not None
    return HandlerSpan(deliveries) if is_traced or api.has_tracer() else None


def _context_of(api: OpenTelemetry, delivery: Delivery, base: Any = None) -> Any:
    """Returns the context `base` with the span of the send. None: the current context."""
    trace = delivery.trace_context
    carrier: dict[str, str] = {}
    if trace is not None:
        carrier = {"traceparent": trace.traceparent, "tracestate": trace.tracestate}
    return api.propagator.extract(carrier, base)
