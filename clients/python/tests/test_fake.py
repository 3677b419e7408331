"""The fake answers like the server: each test runs with both."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

import dlq
import dlq.aio
from dlq import error_details
from dlq.testing import FakeServer, LocalServer
from dlq.v1 import dlq_service_pb2 as pb


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
