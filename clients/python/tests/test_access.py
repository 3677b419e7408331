"""Tokens and TLS in sends, workers and stubs, with a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from conftest import until

import dlq
import dlq.aio
from dlq.testing import LocalServer, local_server
from dlq.v1 import dlq_admin_service_pb2 as admin_pb
from dlq.v1 import dlq_service_pb2 as pb

CERTIFICATES = Path(__file__).parents[3] / "test/rpc/tls"
TOKEN = "secret-of-the-shop"


@pytest.fixture(scope="module")
def secured() -> Iterator[LocalServer]:
    settings = {
        "DLQ_TOKENS": TOKEN,
        "DLQ_TLS_CERT": str(CERTIFICATES / "test-only.crt"),
        "DLQ_TLS_KEY": str(CERTIFICATES / "test-only.key"),
    }
    with local_server(environment=settings) as found:
        yield found


@pytest.fixture
def tls() -> dlq.Tls:
    return dlq.Tls(ca=(CERTIFICATES / "test-only.crt").read_bytes(), server_name="localhost")


def test_send_worker_and_stub_use_tls_and_token(secured: LocalServer, tls: dlq.Tls) -> None:
    with dlq.Client(f"https://{secured.target}", tls=tls, token=TOKEN, spool=False) as client:
        assert client.send("q", "x", delay=0).status == "sent"
        seen: list[str] = []
        worker = client.worker("q").start(lambda delivery: seen.append(delivery.text))
        until(lambda: seen == ["x"])
        worker.stop()
        assert client.stub.Stats(pb.StatsRequest(queues=["q"])).queues[0].totals.succeeded == 1
        assert client.admin_stub.GetQueue(admin_pb.GetQueueRequest(queue="q")).queue.name == "q"


def test_asyncio_stub_uses_tls_and_token(secured: LocalServer, tls: dlq.Tls) -> None:
    async def main() -> None:
        async with dlq.aio.Client(secured.target, tls=tls, token=TOKEN, spool=False) as client:
            stub = client.stub()
            await stub.Stats(pb.StatsRequest(queues=["q"]))
            await client.admin_stub().ListQueues(admin_pb.ListQueuesRequest())
            async for frame in stub.StreamDue(pb.StreamDueRequest(queues=["q"])):
                assert frame.opened.session_id
                break

    asyncio.run(main())


def test_whitespace_around_the_token_is_removed(secured: LocalServer, tls: dlq.Tls) -> None:
    with dlq.Client(secured.target, tls=tls, token=f"{TOKEN}\n", spool=False) as client:
        assert client.send("q", "x", delay=0).status == "sent"


def test_a_wrong_token_drops_a_send_without_spool_as_unauthenticated(
    secured: LocalServer, tls: dlq.Tls
) -> None:
    with dlq.Client(secured.target, tls=tls, token="wrong", spool=False) as client:
        result = client.send("q", "x")
        assert isinstance(result, dlq.Dropped)
        assert (result.error.kind, result.error.maybe_stored) == ("unauthenticated", False)
        with pytest.raises(grpc.RpcError):
            client.stub.Stats(pb.StatsRequest(queues=["q"]))
