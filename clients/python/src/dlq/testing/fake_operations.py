"""The calls of operators, on the fake's messages: Retry and Stats."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Sequence

import grpc

from dlq.v1 import dlq_service_pb2 as pb
from dlq.v1 import state_pb2

from .._core.error_details import invalid_request
from .fake_message import FakeMessage
from .fake_refusal import abort_with

_STORED = ("SCHEDULED", "IN_FLIGHT", "QUARANTINED")
_MAX_PAGE = 1000


def retry(
    messages: Sequence[FakeMessage],
    sends: Counter[tuple[str, str]],
    request: pb.RetryRequest,
    context: grpc.ServicerContext,
) -> pb.RetryResponse:
    """Makes messages due. `sends` counts the sends of each queue and source id. Transforms, page tokens and
    repeated request ids are not supported."""
    if request.transforms or request.page_token:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "the fake has no transforms and page tokens")
    stored = {m.id: m for m in messages if m.request.queue == request.queue and m.state in _STORED}
    ids = list(request.ids)
    remaining = 0
    if request.HasField("filter"):
        matching = [one.id for one in stored.values() if _matches(one, request.filter)]
        if request.expected_count != len(matching):
            text = f"expected_count is {request.expected_count}, but {len(matching)} match"
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, text)
        ids = matching[: request.page_size or _MAX_PAGE]
        remaining = len(matching) - len(ids)
    elif not ids:
        abort_with(context, invalid_request({"ids": "is empty; give ids or a filter"}))
    response = pb.RetryResponse(remaining_count=remaining)
    for id in ids:
        refusal = _refusal_of(id, stored.get(id))
        if refusal is not None:
            response.refused.add(id=id, refusal=refusal)
            continue
        response.retried_count += 1
        if not request.dry_run:
            sends.pop((request.queue, stored[id].request.source_id), None)
            stored[id].retry()
    return response


def stats(messages: Sequence[FakeMessage], request: pb.StatsRequest) -> pb.StatsResponse:
    """Counts messages. Rates, ages and workers are left out."""
    queues = sorted(set(request.queues) or {one.request.queue for one in messages})
    response = pb.StatsResponse(queues=[_queue_stats(messages, one) for one in queues])
    for one in response.queues:
        response.total_messages += one.scheduled + one.in_flight + one.quarantined
        response.total_poison_messages += one.quarantined
    return response


def _matches(message: FakeMessage, chosen: pb.MessageFilter) -> bool:
    states = list(chosen.states) or [state_pb2.MESSAGE_STATE_QUARANTINED]
    return (
        state_number(message.state) in states
        and message.state != "IN_FLIGHT"
        and (not chosen.reasons or message.reason in chosen.reasons)
        and (
            not chosen.quarantine_reasons
            or quarantine_number(message.quarantine_reason) in chosen.quarantine_reasons
        )
    )


def _refusal_of(id: str, message: FakeMessage | None) -> pb.RetryRefusal | None:
    if message is not None:
        return pb.RETRY_REFUSAL_IN_FLIGHT if message.state == "IN_FLIGHT" else None
    try:
        uuid.UUID(id)
    except ValueError:
        return pb.RETRY_REFUSAL_INVALID_ID
    return pb.RETRY_REFUSAL_NOT_FOUND


def _queue_stats(messages: Sequence[FakeMessage], queue: str) -> pb.QueueStats:
    found = [one for one in messages if one.request.queue == queue]
    by_state = {
        name: [m for m in found if m.state == name] for name in (*_STORED, "SUCCEEDED", "DISCARDED")
    }
    now = time.monotonic()
    result = pb.QueueStats(
        queue=queue,
        scheduled=len(by_state["SCHEDULED"]),
        due_now=sum(one.due_at <= now for one in by_state["SCHEDULED"]),
        in_flight=len(by_state["IN_FLIGHT"]),
        quarantined=len(by_state["QUARANTINED"]),
        breaker_state=state_pb2.BREAKER_STATE_CLOSED,
    )
    result.totals.accepted = len(found)
    result.totals.succeeded = len(by_state["SUCCEEDED"])
    result.totals.discarded = len(by_state["DISCARDED"])
    result.totals.deliveries = sum(one.deliveries for one in found)
    for cell in sorted({_cell(one) for one in found if one.state in _STORED}):
        state, reason, why = cell
        result.counts.add(
            state=state,
            reason=reason,
            quarantine_reason=why,
            count=sum(_cell(one) == cell for one in found),
        )
    return result


def _cell(message: FakeMessage) -> tuple[int, int, int]:
    return state_number(message.state), message.reason, quarantine_number(message.quarantine_reason)


def state_number(state: str) -> int:
    return state_pb2.MessageState.Value(f"MESSAGE_STATE_{state}")


def quarantine_number(reason: str) -> int:
    return state_pb2.QuarantineReason.Value(f"QUARANTINE_REASON_{reason or 'UNSPECIFIED'}")
