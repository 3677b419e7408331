"""Refuses invalid requests as the service does: with details, which errors of proxies do not have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NoReturn

import grpc

from dlq.v1.dlq_service_pb2 import ErrorStatus, SendToDlqRequest

from .._core.error_details import STATUS_TRAILER, invalid_request
from .._core.payload import DeliveryPayload

_QUEUE_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
_MAX_DELAY_S = 365 * 24 * 3600
_MAX_ATTRIBUTES = 64
_MAX_PAYLOAD_BYTES = 1024**2


def refusal_of(request: SendToDlqRequest) -> ErrorStatus | None:
    """Returns the service's error for an invalid request; None if the request is valid."""
    violations = dict(_violations(request))
    return invalid_request(violations) if violations else None


def abort_with(context: grpc.ServicerContext, status: ErrorStatus) -> NoReturn:
    context.set_trailing_metadata(((STATUS_TRAILER, status.SerializeToString()),))
    context.abort(grpc.StatusCode.INVALID_ARGUMENT, status.message)
    raise AssertionError  # never reached: abort raises


def _violations(request: SendToDlqRequest) -> Iterator[tuple[str, str]]:
    if not _QUEUE_NAME.fullmatch(request.queue):
        rule = "use 1 to 128 of A-Z, a-z, 0-9, dot, hyphen and underscore"
        yield "queue", f"is not a queue name: {rule}" if request.queue else f"is required: {rule}"
    size = len(DeliveryPayload(request.payload).bytes)
    if size > _MAX_PAYLOAD_BYTES:
        field = f"payload.{request.payload.WhichOneof('body')}"
        advice = "store large content elsewhere and send a reference, or raise the server's payload limit"
        yield (
            field,
            f"is {size} bytes long; this server accepts at most {_MAX_PAYLOAD_BYTES}: {advice}",
        )
    texts: Mapping[str, tuple[str, int]] = {
        "request_id": (request.request_id, 128),
        "payload.content_type": (request.payload.content_type, 256),
        "source_id": (request.source_id, 256),
        "dedup_key": (request.dedup_key, 256),
        "ordering_key": (request.ordering_key, 256),
        "trace_context.traceparent": (request.trace_context.traceparent, 128),
        "trace_context.tracestate": (request.trace_context.tracestate, 512),
    }
    for field, (text, max_bytes) in texts.items():
        if len(text.encode()) > max_bytes:
            yield field, f"is longer than {max_bytes} bytes"
    if len(request.attributes) > _MAX_ATTRIBUTES:
        yield "attributes", f"has more than {_MAX_ATTRIBUTES} entries"
    for key, value in request.attributes.items():
        if len(key.encode()) > 128 or len(value.encode()) > 4 * 1024:
            yield "attributes", "has a key longer than 128 bytes, or a value longer than 4 KiB"
    if not -100 <= request.priority <= 100:
        yield "priority", "is not from -100 to 100"
    if request.delay.seconds > _MAX_DELAY_S:
        yield "delay", "is longer than 365 days"
