"""Builds the request of a send."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from dlq.v1 import state_pb2
from dlq.v1.dlq_service_pb2 import SendToDlqRequest
from dlq.v1.message_pb2 import Origin

from ..options import SendOptions
from .durations import MAX_WAIT_S, duration, seconds, timestamp
from .failure import failure_of
from .names import reason_number
from .option_checks import queue_name, require_known
from .payload import payload_of
from .retry_policy import policy_of
from .safe_read import cut_one_over, safe_read, well_formed

_MAX_TRACEPARENT_BYTES = 128
_MAX_TRACESTATE_BYTES = 512
_FINGERPRINT_BYTES = 256
"""The service cuts longer ones."""

_MAX_DEPTH = 8
"""Of groups within groups."""

_ID_BYTES = 16
_IDS_A_READ = 256

_FRAME_BYTES = 96
"""For the send number, which is set later, and the frame of a request in a batch."""


@dataclass
class SendRequest:
    """A message that the service has not accepted yet."""

    proto: SendToDlqRequest
    size_bytes: int
    """On the wire. In memory it takes more."""


def send_request_of(
    queue: str, value: object, error: object, options: SendOptions, origin: Origin | None
) -> SendRequest:
    """Raises TypeError or ValueError if an option does not exist or a value can't be encoded."""
    require_known("a send", options, SendOptions)
    request = SendToDlqRequest(
        request_id=_text(options.get("request_id") or _next_request_id()),
        queue=well_formed(queue_name(queue)),
        payload=payload_of(value, options.get("content_type")),
    )
    if error is not None:
        request.failure.CopyFrom(failure_of(error))
    if origin is not None:
        request.origin.CopyFrom(origin)
    _fill(request, options)
    _set_first_retry(request, error, options)
    _set_reason(request, error, options)
    if options.get("fingerprint") is not None:
        request.failure.fingerprint = fingerprint_of(options["fingerprint"])
    return SendRequest(request, request.ByteSize() + _FRAME_BYTES)


def _fill(request: SendToDlqRequest, options: SendOptions) -> None:
    if options.get("source_id") is not None:
        request.source_id = _text(options["source_id"])
    if options.get("dedup_key") is not None:
        request.dedup_key = _text(options["dedup_key"])
    if options.get("ordering_key") is not None:
        request.ordering_key = _text(options["ordering_key"])
    if options.get("priority") is not None:
        request.priority = options["priority"]
    if options.get("max_retries") is not None:
        request.max_retries = options["max_retries"]
    if options.get("ttl") is not None:
        request.ttl.CopyFrom(duration("ttl", options["ttl"]))
    if options.get("retry_policy") is not None:
        request.retry_policy.CopyFrom(policy_of(options["retry_policy"]))
    for key, text in (options.get("attributes") or {}).items():
        request.attributes[_text(key)] = _text(text)
    for key, text in (options.get("coordinates") or {}).items():
        request.origin.coordinates[_text(key)] = _text(text)
    _set_trace(request, options.get("trace_context") or {})


def _set_trace(request: SendToDlqRequest, trace: Mapping[str, str]) -> None:
    """Leaves out values that are too long: the service would refuse the message, and the trace context
    often comes from another program."""
    parent = _text(trace.get("traceparent") or "")
    if not 0 < len(parent.encode()) <= _MAX_TRACEPARENT_BYTES:
        return
    request.trace_context.traceparent = parent
    state = _text(trace.get("tracestate") or "")
    if len(state.encode()) <= _MAX_TRACESTATE_BYTES:
        request.trace_context.tracestate = state


def _set_first_retry(request: SendToDlqRequest, error: object, options: SendOptions) -> None:
    delay = options.get("delay")
    if delay is None:
        delay = retry_after_of(error)
    due_time = options.get("due_time")
    if due_time is not None:
        request.due_time.CopyFrom(timestamp(due_time))
    elif delay is not None:
        # A computed delay is negative once its time is over.
        request.delay.CopyFrom(duration("delay", max(seconds("delay", delay), 0.0)))


def _set_reason(request: SendToDlqRequest, error: object, options: SendOptions) -> None:
    """A non-retryable error sends the message to quarantine at once."""
    name = options.get("reason")
    if name is not None:
        request.failure.reason = reason_number(name)  # type: ignore[assignment]  # enums are open
    elif is_non_retryable(error):
        request.failure.reason = state_pb2.REASON_POISON_MESSAGE


def fingerprint_of(given: object) -> str:
    """Returns the sender's own fingerprint."""
    return cut_one_over(_text(given), _FINGERPRINT_BYTES)


def retry_after_of(error: object) -> float | None:
    """Returns the error's `retry_after` in seconds, of a group the longest; None if it has no valid one."""
    found = [_own_retry_after_of(one) for one in _members_of(error)]
    return max((one_s for one_s in found if one_s is not None), default=None)


def is_non_retryable(error: object) -> bool:
    """Reports whether it, or one error of a group, is marked so."""
    return any(safe_read(one, "non_retryable") is True for one in _members_of(error))


def _own_retry_after_of(error: object) -> float | None:
    found = safe_read(error, "retry_after")
    if not isinstance(error, BaseException) or found is None:
        return None
    try:
        found_s = seconds("retry_after", found)  # type: ignore[arg-type]  # raises for other types
    except TypeError:
        return None
    return min(found_s, MAX_WAIT_S) if found_s >= 0 else None


def _members_of(error: object, depth: int = 0) -> list[object]:
    """Returns the error, and those of an ExceptionGroup, into which a TaskGroup puts them."""
    found = [error]
    members = safe_read(error, "exceptions") if isinstance(error, BaseException) else None
    if isinstance(members, tuple) and depth < _MAX_DEPTH:
        for member in members:
            found += _members_of(member, depth + 1)
    return found


_request_ids: deque[str] = deque()


def _next_request_id() -> str:
    """Returns a random id. One read of random bytes serves many sends: it lets other threads run, which costs more than
    the rest of a send."""
    try:
        return _request_ids.popleft()
    except IndexError:
        ids = os.urandom(_ID_BYTES * _IDS_A_READ).hex()
        step = 2 * _ID_BYTES
        _request_ids.extend(ids[at : at + step] for at in range(step, len(ids), step))
        return ids[:step]


# A forked process must not give the same ids to other messages.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_request_ids.clear)


def _text(value: object) -> str:
    """Untyped programs often pass numbers as ids. Of an enum's member that is text, it is the value."""
    return well_formed(str.__str__(value) if isinstance(value, str) else str(value))
