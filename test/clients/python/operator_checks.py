"""Checks of Retry and Stats."""

from dlq.v1 import dlq_service_pb2 as dlq
from dlq.v1 import failure_pb2, state_pb2
from google.protobuf.duration_pb2 import Duration
from grpc import StatusCode

from checks import (
    CALL_TIMEOUT,
    Client,
    applied,
    check,
    equal,
    expect,
    failed,
    new_id,
    new_queue,
    quarantine_name,
    refused,
    succeeded,
)

POISON = failure_pb2.Failure(reason=state_pb2.REASON_POISON_MESSAGE)


def retry(client: Client, queue: str, **fields) -> dlq.RetryResponse:
    return client.stub.Retry(dlq.RetryRequest(queue=queue, **fields), timeout=CALL_TIMEOUT)


def conditions(stats: dlq.QueueStats) -> list[str]:
    names = [dlq.ConditionCode.Name(condition.code) for condition in stats.conditions]
    return [name.removeprefix("CONDITION_CODE_") for name in names]


@check("a message that used up its retries is quarantined, and Retry starts a new round")
def exhausted_then_retried(client: Client) -> None:
    queue = new_queue("exhaust")
    sent = client.send(queue, max_retries=2)
    with client.work(queue) as worker:
        client.ack(failed(worker.receive()))
        [result] = client.ack(failed(worker.receive()))
        applied(result, state_pb2.MESSAGE_STATE_QUARANTINED, "the last failure")
        equal(
            quarantine_name(result.quarantine_reason), "QUARANTINE_REASON_RETRIES_EXHAUSTED", "why"
        )

        request_id = new_id()
        answer = retry(client, queue, request_id=request_id, ids=[sent.id])
        equal((answer.retried_count, len(answer.refused)), (1, 0), "retried, refused")
        equal(retry(client, queue, request_id=request_id, ids=[sent.id]), answer, "same answer")

        delivery = worker.receive()
        equal((delivery.attempt, delivery.delivery_number), (1, 3), "attempt, delivery number")
        equal(delivery.message.failure_count, 3, "recorded failures")
        client.ack(succeeded(delivery))


@check("Retry makes a scheduled message due now")
def retry_scheduled(client: Client) -> None:
    queue = new_queue("sooner")
    sent = client.send(queue, delay=Duration(seconds=3600))
    with client.work(queue) as worker:
        equal(retry(client, queue, ids=[sent.id]).retried_count, 1, "retried")
        equal(worker.receive().message.id, sent.id, "id")


@check("Retry gives a reason for each refused id")
def refused_retries(client: Client) -> None:
    queue = new_queue("refuse")
    held = client.send(queue)
    with client.work(queue) as worker:
        worker.receive()
        answer = retry(client, queue, ids=[held.id, new_id(), "no id"])
    equal(answer.retried_count, 0, "retried")
    refusals = [dlq.RetryRefusal.Name(refusal.refusal) for refusal in answer.refused]
    expected = ["IN_FLIGHT", "NOT_FOUND", "INVALID_ID"]
    equal(refusals, [f"RETRY_REFUSAL_{name}" for name in expected], "refusals")


@check("Retry by filter changes the expected number of messages, or none")
def retry_by_filter(client: Client) -> None:
    queue = new_queue("filter")
    for _ in range(3):
        client.send(queue, failure=POISON)
    matching = dlq.MessageFilter(reasons=[state_pb2.REASON_POISON_MESSAGE])
    with refused(StatusCode.FAILED_PRECONDITION, "a wrong expected count"):
        retry(client, queue, filter=matching, expected_count=2)
    equal(client.stats(queue).quarantined, 3, "quarantined after the refusal")
    equal(retry(client, queue, filter=matching, expected_count=3).retried_count, 3, "retried")
    stats = client.stats(queue)
    equal((stats.quarantined, stats.due_now), (0, 3), "quarantined, due now")


@check("Retry requires either ids, or a filter with its count")
def contradictory_retry(client: Client) -> None:
    queue, everything = new_queue("either"), dlq.MessageFilter()
    contradictions: dict[str, dict] = {
        "neither ids nor filter": {},
        "both ids and filter": {"ids": [new_id()], "filter": everything, "expected_count": 1},
        "a filter without its count": {"filter": everything},
    }
    for what, fields in contradictions.items():
        with refused(StatusCode.INVALID_ARGUMENT, what):
            retry(client, queue, **fields)


@check("the counts of Stats add up")
def stats_add_up(client: Client) -> None:
    queue = new_queue("sums")
    for _ in range(4):
        client.send(queue)
    client.send(queue, delay=Duration(seconds=3600))
    client.send(queue, failure=POISON)
    with client.work(queue) as worker:
        done, discarded, retried, in_flight = (worker.receive() for _ in range(4))
        token = discarded.lease_token
        client.ack(succeeded(done), dlq.Outcome(lease_token=token, discarded=dlq.Discarded()))
        client.ack(failed(retried, retry_after=Duration(seconds=3600)))
        stats = client.stats(queue)
        equal(stats.workers, 1, "workers")
    expect(in_flight.lease_token, "one message stays in flight")

    totals = stats.totals
    equal((stats.scheduled, stats.in_flight, stats.quarantined), (2, 1, 1), "stored, by state")
    equal((totals.accepted, totals.succeeded, totals.discarded), (6, 1, 1), "totals")
    equal((totals.deliveries, totals.failed_attempts), (4, 1), "deliveries, failed attempts")
    stored = stats.scheduled + stats.in_flight + stats.quarantined
    removed = totals.succeeded + totals.discarded + totals.expired + totals.purged
    equal(totals.accepted, stored + removed + totals.moved_out - totals.moved_in, "accepted")
    equal(sum(count.count for count in stats.counts), 4, "sum of the counts by reason")
    expect(all(count.count > 0 for count in stats.counts), "a count of zero is not reported")
    expect(
        stats.bytes > 0 and stats.HasField("oldest_quarantined_age"), "bytes and age are missing"
    )

    answer = client.stub.Stats(dlq.StatsRequest(queues=[queue]), timeout=CALL_TIMEOUT)
    equal((answer.total_messages, answer.total_poison_messages), (4, 1), "total, poison")


@check("Stats explains why nothing is delivered")
def conditions_explain(client: Client) -> None:
    equal(conditions(client.stats(new_queue("none"))), ["EMPTY"], "a queue that does not exist")

    later = new_queue("later")
    client.send(later, delay=Duration(seconds=3600))
    expect("NOTHING_DUE" in conditions(client.stats(later)), "nothing is due")

    without_worker = new_queue("no-worker")
    client.send(without_worker)
    stats = client.stats(without_worker)
    equal(conditions(stats)[0], "NO_WORKERS", "first condition")
    expect(stats.conditions[0].message, "the condition has no message")

    poison = new_queue("poison")
    client.send(poison, failure=POISON)
    equal(conditions(client.stats(poison)), ["ALL_QUARANTINED"], "all are quarantined")
