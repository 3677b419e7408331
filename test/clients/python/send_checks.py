"""Checks of sends."""

import uuid
from datetime import datetime, timezone

import grpc
from dlq.v1 import dlq_service_pb2 as dlq
from dlq.v1 import failure_pb2, message_pb2, state_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from checks import (
    CALL_TIMEOUT,
    Client,
    Refusal,
    check,
    equal,
    expect,
    new_id,
    new_queue,
    quarantine_name,
    refused,
    sending,
    state_name,
    succeeded,
)

# Fields of a message that equal those of its request.
AS_SENT = (
    "queue payload attributes failure source_id dedup_key ordering_key origin priority "
    "trace_context"
).split()


@check("a worker receives all fields as the producer sent them")
def everything_arrives(client: Client) -> None:
    queue = new_queue("all")
    request = dlq.SendToDlqRequest(
        request_id=new_id(),
        queue=queue,
        payload=message_pb2.Payload(text='{"grüße": "✓"}', content_type="application/json"),
        attributes={"tenant": "a", "empty": ""},
        failure=failure_pb2.Failure(
            reason=state_pb2.REASON_TIMEOUT,
            type="requests.exceptions.Timeout",
            message="read timed out",
            stack_trace="Traceback (most recent call last):\n  ...",
            grpc_code=4,
            http_status=504,
            attributes={"host": "a.example"},
        ),
        source_id="order-1",
        dedup_key=new_id(),
        ordering_key="customer-7",
        origin=message_pb2.Origin(
            service="shop", instance="shop-0", version="1.2", coordinates={"topic": "orders"}
        ),
        delay=Duration(),
        priority=-3,
        trace_context=message_pb2.TraceContext(
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate="k=v"
        ),
    )
    sent = client.stub.SendToDlq(request, timeout=CALL_TIMEOUT)
    equal(uuid.UUID(sent.id).version, 7, "version of the id")
    equal(state_name(sent.state), "MESSAGE_STATE_SCHEDULED", "state")
    equal(sent.reason, state_pb2.REASON_TIMEOUT, "reason")
    expect(
        sent.HasField("due_time") and not sent.duplicate, "it has no due time, or is a duplicate"
    )

    with client.work(queue) as worker:
        delivery = worker.receive()
        message = delivery.message
        equal(message.id, sent.id, "id")
        for field in AS_SENT:
            equal(getattr(message, field), getattr(request, field), field)
        equal(message.reason, state_pb2.REASON_TIMEOUT, "reason of the message")
        equal((message.failure_count, message.attempts), (1, 0), "failures, attempts")
        equal((delivery.attempt, delivery.delivery_number), (1, 1), "attempt, delivery number")
        expect(not delivery.outcome_unknown, "the first delivery has an unknown outcome")
        equal(message.due_time, sent.due_time, "due time")
        day = message.expire_time.seconds - message.create_time.seconds
        expect(86_390 <= day <= 86_410, f"time to live is {day} s, expected one day")
        client.ack(succeeded(delivery))


@check("binary and empty payloads arrive unchanged")
def payloads(client: Client) -> None:
    queue = new_queue("bytes")
    payloads = [
        message_pb2.Payload(data=bytes(range(256))),
        message_pb2.Payload(text=""),
        message_pb2.Payload(data=b""),
        message_pb2.Payload(data=b"x" * (1 << 20)),  # exactly the default limit
    ]
    sent = {client.send(queue, payload=payload).id: payload for payload in payloads}
    with client.work(queue) as worker:
        for _ in payloads:
            delivery = worker.receive()
            expect(delivery.message.payload == sent.pop(delivery.message.id), "payload differs")
            client.ack(succeeded(delivery))


@check("a message is not delivered before its due time")
def delayed(client: Client) -> None:
    queue = new_queue("later")
    sent = client.send(queue, delay=Duration(seconds=1))
    with client.work(queue) as worker:
        delivery = worker.receive()
    arrived = datetime.now(timezone.utc)
    due = sent.due_time.ToDatetime(tzinfo=timezone.utc)
    expect(due <= arrived, f"due at {due}, arrived at {arrived}")
    equal(delivery.message.due_time, sent.due_time, "due time of the delivery")


@check("a due time in the past means now")
def past_due_time(client: Client) -> None:
    queue = new_queue("past")
    sent = client.send(queue, due_time=Timestamp(seconds=1))
    with client.work(queue) as worker:
        equal(worker.receive().message.id, sent.id, "id")


@check("two sends with one request_id get the same answer and store one message")
def idempotent_send(client: Client) -> None:
    queue = new_queue("once")
    request = sending(queue, request_id=new_id())
    first = client.stub.SendToDlq(request, timeout=CALL_TIMEOUT)
    second = client.stub.SendToDlq(request, timeout=CALL_TIMEOUT)
    equal(second, first, "second answer")
    equal(client.stats(queue).totals.accepted, 1, "accepted")


@check("a batch with one invalid request stores the others")
def batch(client: Client) -> None:
    queue = new_queue("batch")
    requests = [sending(queue, "1"), sending("no/slash"), sending(queue, "3")]
    answer = client.stub.SendToDlqBatch(
        dlq.SendToDlqBatchRequest(requests=requests), timeout=CALL_TIMEOUT
    )
    outcomes = [result.WhichOneof("outcome") for result in answer.results]
    equal(outcomes, ["response", "error", "response"], "outcomes")
    error = answer.results[1].error
    equal(error.code, grpc.StatusCode.INVALID_ARGUMENT.value[0], "code")
    refusal = Refusal()
    refusal.read(error.details)
    equal(refusal.domain, "dlq.v1", "domain")
    equal([field.split(".")[-1] for field in refusal.fields], ["queue"], "wrong fields")
    equal(client.stats(queue).scheduled, 2, "scheduled")


@check("an empty batch is refused")
def empty_batch(client: Client) -> None:
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "an empty batch") as refusal:
        client.stub.SendToDlqBatch(dlq.SendToDlqBatchRequest(), timeout=CALL_TIMEOUT)
    equal(refusal.fields, ["requests"], "wrong fields")


@check("sends with one dedup_key and payload become one message")
def dedup(client: Client) -> None:
    queue = new_queue("dedup")
    first = client.send(queue, "same", dedup_key="k")
    duplicate = client.send(queue, "same", dedup_key="k")
    other = client.send(queue, "other", dedup_key="k")
    equal((duplicate.id, duplicate.duplicate), (first.id, True), "id, duplicate of the second send")
    expect(other.id != first.id and not other.duplicate, "another payload must be another message")
    totals = client.stats(queue).totals
    equal((totals.accepted, totals.joined), (2, 1), "accepted, joined")
    with client.work(queue) as worker:
        messages = [worker.receive().message for _ in range(2)]
    counts = {message.id: message.failure_count for message in messages}
    equal(counts, {first.id: 2, other.id: 1}, "recorded failures")


@check("the fifth send of one source_id is quarantined as poison")
def poison(client: Client) -> None:
    queue = new_queue("poison")
    sent = [client.send(queue, source_id="same") for _ in range(5)]
    scheduled, quarantined = state_pb2.MESSAGE_STATE_SCHEDULED, state_pb2.MESSAGE_STATE_QUARANTINED
    equal([s.state for s in sent], [scheduled] * 4 + [quarantined], "states")
    equal(quarantine_name(sent[4].quarantine_reason), "QUARANTINE_REASON_POISON", "why")
    expect(not sent[4].HasField("due_time"), "a quarantined message has a due time")


@check("a send with a poison reason is quarantined at once")
def producer_gave_up(client: Client) -> None:
    for reason in (state_pb2.REASON_POISON_MESSAGE, state_pb2.REASON_MAX_RETRIES_EXCEEDED):
        sent = client.send(new_queue("reason"), failure=failure_pb2.Failure(reason=reason))
        equal(state_name(sent.state), "MESSAGE_STATE_QUARANTINED", "state")
        equal(quarantine_name(sent.quarantine_reason), "QUARANTINE_REASON_PRODUCER_REQUEST", "why")


@check("a failure without a known reason is categorized, and an unknown reason is kept")
def categorized(client: Client) -> None:
    queue = new_queue("reason")
    failure = failure_pb2.Failure(type="requests.exceptions.ReadTimeout", message="timed out")
    equal(client.send(queue, failure=failure).reason, state_pb2.REASON_TIMEOUT, "reason")

    failure.reason = 4711  # type: ignore[assignment]  # a newer client may send unknown values
    newer = new_queue("newer")
    equal(client.send(newer, failure=failure).reason, state_pb2.REASON_TIMEOUT, "reason")
    with client.work(newer) as worker:
        message = worker.receive().message
    equal(message.reason, state_pb2.REASON_TIMEOUT, "reason of the message")
    equal(message.failure.reason, 4711, "reason of the failure")


@check("a failure that is too long is cut and marked, not refused")
def truncated(client: Client) -> None:
    queue = new_queue("long")
    long_text = "é" * 10_000
    failure = failure_pb2.Failure(message=long_text, stack_trace=long_text * 4)
    client.send(queue, failure=failure)
    with client.work(queue) as worker:
        failure = worker.receive().message.failure
    expect(failure.truncated, "truncated is not set")
    for text, limit in ((failure.message, 4096), (failure.stack_trace, 16_384)):
        size = len(text.encode())
        expect(limit - 4 <= size <= limit, f"{size} bytes are left, expected {limit}")
        expect(long_text.startswith(text[:9_000]), "the cut text is not the beginning")
