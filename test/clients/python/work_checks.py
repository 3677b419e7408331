"""Checks of streams, outcomes and leases."""

from dlq.v1 import dlq_service_pb2 as dlq
from dlq.v1 import state_pb2
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
    state_name,
    succeeded,
)

NOT_APPLIED = ("ACK_STATUS_NOT_FOUND", "ACK_STATUS_LEASE_LOST")


@check("a message is delivered again after a failure and removed after a success")
def failed_then_succeeded(client: Client) -> None:
    queue = new_queue("retry")
    client.send(queue)
    with client.work(queue) as worker:
        first = worker.receive()
        [result] = client.ack(failed(first, "second failure"))
        applied(result, state_pb2.MESSAGE_STATE_SCHEDULED, "the failure")
        expect(result.HasField("due_time"), "a scheduled message has no due time")

        second = worker.receive()
        equal(second.message.id, first.message.id, "id")
        equal((second.attempt, second.delivery_number), (2, 2), "attempt, delivery number")
        equal((second.message.attempts, second.message.failure_count), (1, 2), "attempts, failures")
        equal(second.message.failure.message, "second failure", "latest failure")
        expect(not second.outcome_unknown, "the first outcome is reported as unknown")
        expect(second.lease_token != first.lease_token, "two deliveries have one token")

        [result] = client.ack(succeeded(second))
        applied(result, state_pb2.MESSAGE_STATE_SUCCEEDED, "the success")
        [again] = client.ack(succeeded(second))
        expect(dlq.AckStatus.Name(again.status) in NOT_APPLIED, f"a second ack is answered {again}")
    stats = client.stats(queue)
    equal(stats.scheduled + stats.in_flight + stats.quarantined, 0, "messages left")
    equal((stats.totals.succeeded, stats.totals.failed_attempts), (1, 1), "succeeded, failed")


@check("two Acks with one request_id get the same answer and count once")
def idempotent_ack(client: Client) -> None:
    queue = new_queue("ack-once")
    client.send(queue)
    with client.work(queue) as worker:
        outcome, request_id = failed(worker.receive()), new_id()
        first = client.ack(outcome, request_id=request_id)
        equal(client.ack(outcome, request_id=request_id), first, "second answer")
        equal(worker.receive().attempt, 2, "attempt")


@check("an invalid outcome in an Ack does not affect the others")
def mixed_outcomes(client: Client) -> None:
    queue = new_queue("mixed")
    client.send(queue)
    with client.work(queue) as worker:
        good = succeeded(worker.receive())
        no_result = dlq.Outcome(lease_token=good.lease_token)
        bad = dlq.Outcome(lease_token="not a token", succeeded=dlq.Succeeded())
        results = client.ack(bad, no_result, good)
    names = [dlq.AckStatus.Name(result.status) for result in results]
    equal(names, ["ACK_STATUS_INVALID"] * 2 + ["ACK_STATUS_APPLIED"], "statuses")
    expect(results[0].detail and results[1].detail, "an INVALID result has no detail")


@check("a released message is delivered again without counting an attempt")
def released(client: Client) -> None:
    queue = new_queue("release")
    client.send(queue)
    with client.work(queue) as worker:
        first = worker.receive()
        outcome = dlq.Outcome(lease_token=first.lease_token, released=dlq.Released())
        [result] = client.ack(outcome)
        applied(result, state_pb2.MESSAGE_STATE_SCHEDULED, "the release")
        second = worker.receive()
    equal((second.attempt, second.delivery_number), (1, 2), "attempt, delivery number")
    expect(not second.outcome_unknown, "a release is reported as an unknown outcome")


@check("a worker can quarantine or discard a message")
def quarantined_and_discarded(client: Client) -> None:
    queue = new_queue("quarantine")
    for _ in range(3):
        client.send(queue)
    with client.work(queue) as worker:
        one, two, three = (worker.receive().lease_token for _ in range(3))
    outcomes = [
        dlq.Outcome(lease_token=one, quarantined=dlq.Quarantined(note="looks odd")),
        dlq.Outcome(lease_token=two, discarded=dlq.Discarded(note="obsolete")),
        dlq.Outcome(lease_token=three, failed=dlq.Failed(non_retryable=True)),
    ]
    quarantined, discarded, not_retried = client.ack(*outcomes)
    applied(quarantined, state_pb2.MESSAGE_STATE_QUARANTINED, "quarantined")
    applied(discarded, state_pb2.MESSAGE_STATE_DISCARDED, "discarded")
    applied(not_retried, state_pb2.MESSAGE_STATE_QUARANTINED, "a non-retryable failure")
    names = [quarantine_name(result.quarantine_reason) for result in (quarantined, not_retried)]
    equal(
        names,
        ["QUARANTINE_REASON_WORKER_REQUEST", "QUARANTINE_REASON_NON_RETRYABLE"],
        "quarantine reasons",
    )


@check("a message with an expired lease is delivered again with outcome_unknown")
def expired_lease(client: Client) -> None:
    queue = new_queue("expire")
    client.send(queue)
    with client.work(queue, lease_duration=Duration(seconds=1)) as worker:
        equal(worker.opened.lease_duration, Duration(seconds=1), "lease of the stream")
        first = worker.receive()
        second = worker.receive()
        equal(second.message.id, first.message.id, "id")
        equal((second.attempt, second.delivery_number), (1, 2), "attempt, delivery number")
        expect(second.outcome_unknown, "outcome_unknown is not set")
        [late] = client.ack(succeeded(first))
        equal(dlq.AckStatus.Name(late.status), "ACK_STATUS_LEASE_LOST", "status of the late ack")
        [result] = client.ack(succeeded(second))
        applied(result, state_pb2.MESSAGE_STATE_SUCCEEDED, "the success")
    equal(client.stats(queue).totals.lease_expiries, 1, "lease expiries")


@check("ExtendLease extends leases by token and by session")
def extended(client: Client) -> None:
    queue = new_queue("extend")
    client.send(queue)
    with client.work(queue) as worker:
        delivery = worker.receive()
        token = delivery.lease_token
        minute = Duration(seconds=60)

        by_token = extend(client, lease_tokens=[token, "not a token"], lease_duration=minute)
        names = [dlq.AckStatus.Name(result.status) for result in by_token]
        equal(names, ["ACK_STATUS_APPLIED", "ACK_STATUS_INVALID"], "statuses")
        longer = by_token[0].lease_expire_time.seconds - delivery.lease_expire_time.seconds
        expect(29 <= longer <= 60, f"the lease ends {longer} s later, expected 30 to 60")

        session = worker.opened.session_id
        by_session = extend(client, session_id=session)
        equal([result.lease_token for result in by_session], [token], "leases of the session")
        equal([result.should_stop for result in by_session], [False], "should stop")

        client.ack(succeeded(delivery))
        [ended] = extend(client, lease_tokens=[token])
        expect(
            dlq.AckStatus.Name(ended.status) in NOT_APPLIED, f"an ended lease is extended: {ended}"
        )
        expect(not ended.HasField("lease_expire_time"), "an ended lease has an expiry")


@check("ExtendLease requires either tokens or a session")
def contradictory_extension(client: Client) -> None:
    with refused(StatusCode.INVALID_ARGUMENT, "neither tokens nor session"):
        extend(client)
    with refused(StatusCode.INVALID_ARGUMENT, "both tokens and session"):
        extend(client, lease_tokens=["x"], session_id=new_id())


@check("max_in_flight limits the messages that a worker holds")
def flow_control(client: Client) -> None:
    queue = new_queue("max-in-flight")
    client.send(queue)
    client.send(queue)
    with client.work(queue, max_in_flight=1) as worker:
        first = worker.receive()
        stats = client.stats(queue)
        equal((stats.in_flight, stats.due_now), (1, 1), "in flight, due now")
        codes = [dlq.ConditionCode.Name(found.code) for found in stats.conditions]
        expect("CONDITION_CODE_WORKERS_BUSY" in codes, f"conditions are {codes}")
        client.ack(succeeded(first))
        second = worker.receive()
        expect(second.message.id != first.message.id, "the same message came again")
        client.ack(succeeded(second))


@check("a resumed session keeps its leases and tokens")
def resumed(client: Client) -> None:
    queue = new_queue("resume")
    client.send(queue)
    with client.work(queue) as worker:
        delivery = worker.receive()
    with client.work(queue, resume_session_id=worker.opened.session_id) as again:
        equal(again.opened.leases_held, 1, "leases held")
        [result] = client.ack(succeeded(delivery))
        equal(state_name(result.state), "MESSAGE_STATE_SUCCEEDED", "state")


def extend(client: Client, **fields) -> list[dlq.ExtendLeaseResult]:
    request = dlq.ExtendLeaseRequest(**fields)
    return list(client.stub.ExtendLease(request, timeout=CALL_TIMEOUT).results)
