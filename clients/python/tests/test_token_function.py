"""Tokens from a function, which may change."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import until

import dlq
import dlq.aio
from dlq.testing import FakeServer, LocalServer, local_server
from dlq.v1 import dlq_service_pb2 as pb

TOKEN = "secret-of-the-shop"
OTHER = "secret-of-others-x"


@pytest.fixture(scope="module")
def secured() -> Iterator[LocalServer]:
    with local_server(environment={"DLQ_TOKENS": TOKEN}) as found:
        yield found


class Vault:
    """Has a wrong token at first."""

    def __init__(self) -> None:
        self.token = OTHER
        self.calls = 0

    def read(self) -> str:
        self.calls += 1
        return self.token


def test_the_function_is_called_for_each_call(secured: LocalServer, queue: str) -> None:
    vault = Vault()
    with dlq.Client(secured.target, token=vault.read, spool=False) as client:
        refused = client.send(queue, "x")
        assert isinstance(refused, dlq.Dropped)
        assert refused.error.kind == "unauthenticated"
        errors: list[str] = []
        seen: list[str] = []
        worker = client.worker(queue, on_error=lambda error, _: errors.append(error.kind))
        worker.start(lambda delivery: seen.append(delivery.text))
        until(lambda: "unauthenticated" in errors)
        vault.token = TOKEN
        assert client.send(queue, "x", delay=0).status == "sent"
        until(lambda: seen == ["x"])
        worker.stop()
        calls = vault.calls
        [stats] = client.stub.Stats(pb.StatsRequest(queues=[queue])).queues
        assert stats.totals.succeeded == 1
        assert vault.calls == calls + 1


@pytest.mark.parametrize("is_async", [True, False])
def test_the_asyncio_client_awaits_it_in_the_event_loop(
    secured: LocalServer, queue: str, is_async: bool
) -> None:
    vault = Vault()
    vault.token = TOKEN
    loops: set[asyncio.AbstractEventLoop] = set()

    async def read() -> str:
        loops.add(asyncio.get_running_loop())
        await asyncio.sleep(0)
        return vault.read()

    async def main() -> None:
        token = read if is_async else vault.read
        async with dlq.aio.Client(secured.target, token=token, spool=False) as client:
            assert (await client.send(queue, "x", delay=0)).status == "sent"
            worker = client.worker(queue)

            async def handle(_: dlq.Delivery) -> None:
                await worker.stop()

            await worker.run(handle)
            [stats] = (await client.stub().Stats(pb.StatsRequest(queues=[queue]))).queues
            assert stats.totals.succeeded == 1
        assert loops == ({asyncio.get_running_loop()} if is_async else set())

    asyncio.run(main())
    assert vault.calls > 3


def test_without_a_token_a_message_goes_to_the_spool_at_once(
    secured: LocalServer, queue: str, spool_folder: Path
) -> None:
    may_read = threading.Event()

    def read() -> str:
        if not may_read.is_set():
            raise OSError("the vault is sealed")
        return TOKEN

    spool = dlq.SpoolOptions(folder=spool_folder)
    with dlq.Client(secured.target, token=read, timeout=60, spool=spool) as client:
        began = time.monotonic()
        assert client.send(queue, "x", delay=0).status == "spooled"
        assert time.monotonic() - began < 20
        may_read.set()
        until(lambda: not list(spool_folder.rglob("*.spool")), timeout=60)


def test_without_a_spool_the_drop_says_why_there_is_no_token(fake: FakeServer) -> None:
    def read() -> str:
        raise OSError("the vault is sealed")

    with dlq.Client(fake.target, token=read, timeout=2, spool=False) as client:
        result = client.send("q", "x")
    assert isinstance(result, dlq.Dropped)
    assert (result.error.kind, result.error.maybe_stored) == ("deadline", False)
    assert "no token for the call: its function failed: OSError: the vault is sealed" in str(
        result.error
    )


def test_a_function_that_blocks_delays_a_send_by_its_timeout(fake: FakeServer) -> None:
    may_end = threading.Event()

    def read() -> str:
        may_end.wait(60)
        return TOKEN

    with dlq.Client(fake.target, token=read, timeout=2, try_timeout=0.1, spool=False) as client:
        result = client.send("q", "x")
        may_end.set()
    assert isinstance(result, dlq.Dropped)
    assert "no token for the call: its function did not return within" in str(result.error)


@pytest.mark.parametrize("found", [None, "", " ", b"token"])
def test_what_is_no_token_is_refused(fake: FakeServer, found: object) -> None:
    settings = {"token": lambda: found, "timeout": 2, "spool": False}
    with dlq.Client(fake.target, **settings) as client:  # type: ignore[arg-type]
        result = client.send("q", "x")
    assert isinstance(result, dlq.Dropped)
    assert "give text that is not empty" in str(result.error)


def test_the_sync_client_refuses_an_async_function(fake: FakeServer) -> None:
    async def read() -> str:
        return TOKEN

    with pytest.raises(TypeError, match=r"dlq\.aio"):
        dlq.Client(fake.target, token=read)

    def returns_coroutine() -> object:
        return read()

    settings = {"token": returns_coroutine, "timeout": 2, "spool": False}
    with dlq.Client(fake.target, **settings) as client:  # type: ignore[arg-type]
        result = client.send("q", "x")
    assert isinstance(result, dlq.Dropped)
    assert "it returned a coroutine; use dlq.aio.Client" in str(result.error)
