"""The fake answers like the server: each test runs with both."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from conftest import until

import dlq
import dlq.aio
from dlq import error_details
from dlq.testing import FakeServer, LocalServer
from dlq.v1 import dlq_service_pb2 as pb
from dlq.v1 import state_pb2


@pytest.fixture(params=["fake", "server"])
def target(request: pytest.FixtureRequest, fake: FakeServer, server: LocalServer) -> str:
    return {"fake": fake.target, "server": server.target}[request.param]


@pytest.fixture
def spooling(target: str, spool_folder: Path) -> Iterator[dlq.Client]:
    """A client with a spool: only final refusals are dropped."""
    with dlq.Client(target, spool=dlq.SpoolOptions(folder=spool_folder)) as found:
        yield found


WRONG: list[dlq.SendOptions] = [
    {"source_id": "é" * 129},
    {"content_type": "x" * 257},
    {"attributes": {"a": "x" * 4_097}},
    {"attributes": {f"{n}": "" for n in range(65)}},
    {"priority": 101},
    {"delay": 366 * 24 * 3600},
    {"request_id": "x" * 129},
]


@pytest.mark.parametrize("options", WRONG, ids=lambda options: next(iter(options)))
def test_a_refused_send_is_dropped_not_spooled(
    spooling: dlq.Client, queue: str, options: dlq.SendOptions
) -> None:
    result = spooling.send(queue, "x", **options)
    assert isinstance(result, dlq.Dropped)
    assert (result.error.kind, result.error.code) == ("refused", "INVALID_ARGUMENT")


def test_a_refused_send_in_a_batch_is_dropped(target: str, spool_folder: Path, queue: str) -> None:
    async def main() -> list[str]:
        spool = dlq.SpoolOptions(folder=spool_folder)
        async with dlq.aio.Client(target, spool=spool) as client:
            queues = ["a/b", *[queue] * 20, "a/b"]
            results = await asyncio.gather(*(client.send(one, "x") for one in queues))
            return [one.status for one in results]

    assert asyncio.run(main()) == ["dropped", *["sent"] * 20, "dropped"]


def test_a_refusal_has_a_reason_and_the_wrong_fields(spooling: dlq.Client) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        spooling.stub.SendToDlq(pb.SendToDlqRequest(queue="a/b"))
    details = error_details(caught.value)
    assert (details.reason, details.domain) == ("INVALID_REQUEST", "dlq.v1")
    assert "queue" in details.field_violations


def test_two_calls_without_request_id_are_two_messages(spooling: dlq.Client, queue: str) -> None:
    request = pb.SendToDlqRequest(queue=queue)
    request.payload.text = "x"
    assert len({spooling.stub.SendToDlq(request).id for _ in range(2)}) == 2


def test_a_resumed_session_keeps_its_leases(spooling: dlq.Client, queue: str) -> None:
    spooling.send(queue, "x", delay=0)
    spooling.send(queue, "y", delay=0)
    stub = spooling.stub
    stream = stub.StreamDue(pb.StreamDueRequest(queues=[queue], max_in_flight=1), timeout=20)
    session_id = next(stream).opened.session_id
    tokens = [one.lease_token for one in next(stream).deliveries.deliveries]
    assert len(tokens) == 1
    stream.cancel()
    extended = stub.ExtendLease(pb.ExtendLeaseRequest(session_id=session_id)).results
    assert [(one.lease_token, one.status) for one in extended] == [
        (tokens[0], pb.ACK_STATUS_APPLIED)
    ]
    again = pb.StreamDueRequest(queues=[queue], max_in_flight=1, resume_session_id=session_id)
    resumed = stub.StreamDue(again, timeout=20)
    assert next(resumed).opened.session_id == session_id
    outcome = pb.Outcome(lease_token=tokens[0], succeeded=pb.Succeeded())
    stub.Ack(pb.AckRequest(outcomes=[outcome]))
    [delivery] = next(resumed).deliveries.deliveries
    assert delivery.message.payload.text == "y"
    resumed.cancel()


def test_reasons_follow_from_codes_and_types(spooling: dlq.Client, queue: str) -> None:
    class Answer(Exception):
        def __init__(self, status_code: int) -> None:
            super().__init__("the answer was an error")
            self.status_code = status_code

    class Call(grpc.RpcError):  # type: ignore[misc]
        def __init__(self, code: grpc.StatusCode) -> None:
            super().__init__("the call failed")
            self.code = lambda: code

    def reason_of(error: BaseException) -> str:
        result = spooling.send(queue, "x", error)
        assert isinstance(result, dlq.Stored)
        return result.reason

    found = {status: reason_of(Answer(status)) for status in range(300, 600)}
    assert (found[429], found[504], found[401]) == (
        *("RESOURCE_EXHAUSTED", "TIMEOUT", "AUTHENTICATION_ERROR"),
    )
    assert (found[422], found[404], found[499]) == (
        *("VALIDATION_FAILED", "WEBHOOK_FAILED", "WEBHOOK_FAILED"),
    )
    codes = {one.name: reason_of(Call(one)) for one in grpc.StatusCode}
    assert (codes["UNAVAILABLE"], codes["INTERNAL"]) == ("NETWORK_ERROR", "EXECUTION_FAILED")
    types = {kind.__name__: reason_of(kind("x")) for kind in BUILTIN_ERRORS}
    assert types["TimeoutError"] == "TIMEOUT"
    assert types["ValueError"] == "VALIDATION_FAILED"
    assert types["KeyError"] == "EXECUTION_FAILED"
    assert types["OSError"] == "UNKNOWN_ERROR"
    # The other test of the two, with the fake or the server, has found the same.
    every = [found, codes, types]
    assert _reasons.setdefault("all", every) == every


BUILTIN_ERRORS = [
    kind
    for kind in vars(builtins).values()
    if isinstance(kind, type)
    and issubclass(kind, Exception)
    and not issubclass(kind, (Warning, UnicodeError))
    and not kind.__name__.endswith("Group")
]

_reasons: dict[str, object] = {}


@pytest.mark.parametrize(
    ("options", "quarantine_reason"),
    [
        ({"max_retries": 0}, "RETRIES_EXHAUSTED"),
        ({"retry_policy": {"max_retries": 0}}, "RETRIES_EXHAUSTED"),
        ({"reason": "POISON_MESSAGE"}, "PRODUCER_REQUEST"),
        ({"reason": "MAX_RETRIES_EXCEEDED"}, "PRODUCER_REQUEST"),
        ({}, None),
    ],
)
def test_some_messages_are_quarantined_on_arrival(
    spooling: dlq.Client, queue: str, options: dlq.SendOptions, quarantine_reason: str | None
) -> None:
    result = spooling.send(queue, "x", **options)
    assert isinstance(result, dlq.Stored)
    assert result.quarantine_reason == quarantine_reason
    assert result.state == ("QUARANTINED" if quarantine_reason else "SCHEDULED")
    assert (result.due_time is None) == bool(quarantine_reason)


def test_a_source_that_is_sent_too_often_is_poison(spooling: dlq.Client, queue: str) -> None:
    def send(**options: Any) -> tuple[str, str | None]:
        result = spooling.send(queue, "x", source_id="s-1", **options)
        assert isinstance(result, dlq.Stored)
        return result.state, result.quarantine_reason

    assert [send() for _ in range(4)] == [("SCHEDULED", None)] * 4
    assert send() == ("QUARANTINED", "POISON")
    assert send(max_retries=0) == ("QUARANTINED", "RETRIES_EXHAUSTED")


def test_a_payload_has_at_most_a_mebibyte(spooling: dlq.Client, queue: str) -> None:
    assert spooling.send(queue, "é" * (1024**2 // 2)).status == "sent"
    result = spooling.send(queue, "é" * (1024**2 // 2) + "x")
    assert isinstance(result, dlq.Dropped)
    assert (
        "payload.text: is 1048577 bytes long; this server accepts at most 1048576: store large"
        in str(result.error)
    )


@pytest.mark.parametrize(
    ("error", "retries"), [(ValueError("x"), 1), (KeyError("x"), 5), (TimeoutError("x"), 3)]
)
def test_retries_are_those_of_the_preset(
    spooling: dlq.Client, queue: str, error: Exception, retries: int
) -> None:
    spooling.send(queue, "x", error, delay=0)
    settled: list[dlq.SettledDelivery] = []

    def fail(delivery: dlq.Delivery) -> dlq.Outcome:
        return dlq.fail(error, retry_after=0)

    worker = spooling.worker(queue, on_settled=lambda _, one: settled.append(one)).start(fail)
    until(lambda: len(settled) == retries)
    worker.stop()
    assert [one.state for one in settled] == ["SCHEDULED"] * (retries - 1) + ["QUARANTINED"]


def test_retry_makes_messages_due(spooling: dlq.Client, queue: str) -> None:
    results = [
        spooling.send(queue, n, source_id=str(n), max_retries=0 if n < 3 else 1, delay=3600)
        for n in range(5)
    ]
    ids = [one.id for one in results if isinstance(one, dlq.Stored)]
    retry = spooling.stub.Retry
    with pytest.raises(grpc.RpcError) as caught:
        retry(pb.RetryRequest(queue=queue, filter=pb.MessageFilter(), expected_count=9))
    assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    with pytest.raises(grpc.RpcError) as caught:
        retry(pb.RetryRequest(queue=queue))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    some = retry(
        pb.RetryRequest(queue=queue, filter=pb.MessageFilter(), expected_count=3, page_size=2)
    )
    assert (some.retried_count, some.remaining_count) == (2, 1)
    other = "01890000-0000-7000-8000-000000000000"
    named = retry(pb.RetryRequest(queue=queue, ids=[ids[3], other, "no id"]))
    assert named.retried_count == 1
    assert [(one.id, one.refusal) for one in named.refused] == [
        (other, pb.RETRY_REFUSAL_NOT_FOUND),
        ("no id", pb.RETRY_REFUSAL_INVALID_ID),
    ]
    found = stats_of(spooling, queue)
    assert (found.scheduled, found.due_now, found.quarantined) == (4, 3, 1)


def test_stats_count_messages(spooling: dlq.Client, queue: str) -> None:
    spooling.send(queue, "a", TimeoutError("x"), delay=3600)
    spooling.send(queue, "b", max_retries=0)
    spooling.send(queue, "c", max_retries=0)
    response = spooling.stub.Stats(pb.StatsRequest(queues=[queue, f"{queue}-none"]))
    [found, none] = response.queues
    assert (response.total_messages, response.total_poison_messages) == (3, 2)
    assert (found.queue, found.scheduled, found.in_flight, found.quarantined) == (queue, 1, 0, 2)
    assert (found.totals.accepted, none.totals.accepted) == (3, 0)
    assert [(one.state, one.reason, one.quarantine_reason, one.count) for one in found.counts] == [
        (state_pb2.MESSAGE_STATE_SCHEDULED, state_pb2.REASON_TIMEOUT, 0, 1),
        (
            *(state_pb2.MESSAGE_STATE_QUARANTINED, state_pb2.REASON_UNKNOWN_ERROR),
            *(state_pb2.QUARANTINE_REASON_RETRIES_EXHAUSTED, 2),
        ),
    ]


def stats_of(client: dlq.Client, queue: str) -> pb.QueueStats:
    return client.stub.Stats(pb.StatsRequest(queues=[queue])).queues[0]
