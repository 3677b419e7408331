"""Behavior of `dlq.compat`, with a real server."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import until

import dlq
import dlq.aio
from dlq.compat import (
    DLQConfig,
    DLQHandler,
    DLQReason,
    RetryPolicy,
    deprecation,
)
from dlq.testing import FakeServer, LocalServer
from dlq.v1 import dlq_service_pb2 as pb

ORDER = {"id": 7, "lines": ["tea"]}


@asynccontextmanager
async def handler_of(server: LocalServer, **settings: Any) -> AsyncIterator[DLQHandler]:
    config = DLQConfig("shop", **{"redis_key_prefix": "old", **settings})
    client = dlq.aio.Client(server.target, spool=False)
    async with client, DLQHandler(client, config) as found:
        yield found


def test_an_old_program_runs_after_changing_import_and_connection(server: LocalServer) -> None:
    program = Path(__file__).with_name("compat_program.py")
    ran = subprocess.run(
        [sys.executable, "-W", "default", program, server.target],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    success, recovered, before, left = json.loads(ran.stdout)
    assert success is True
    assert recovered == [{"id": 17, "total": "9.90"}]
    assert before == {
        "total_messages": 1,
        "total_poison_messages": 0,
        "queues": {"orders": {"size": 1, "poison_size": 0}},
    }
    assert left == 0
    assert "DLQHandler is deprecated; use dlq.aio.Client" in ran.stderr
    assert ran.stderr.count("send_to_dlq is deprecated") == 1


def test_a_message_has_reason_failure_source_id_and_metadata(
    server: LocalServer, client: dlq.Client, queue: str
) -> None:
    async def send() -> str:
        async with handler_of(server) as old:
            metadata = {"source_id": "order-7", "operation": "charge", "lines": [1, {"a": None}]}
            try:
                raise TimeoutError("no answer in 3 s")
            except TimeoutError as error:
                return await old.send_to_dlq(
                    queue, ORDER, DLQReason.WEBHOOK_FAILED, error, metadata
                )

    message_id = asyncio.run(send())
    retry(client, f"old.{queue}", message_id)
    got: list[dlq.Delivery] = []
    with client.worker(f"old.{queue}").start(got.append):
        until(lambda: bool(got))
    one = got[0]
    assert one.json() == ORDER
    assert one.reason == "WEBHOOK_FAILED"
    assert one.source_id == "order-7"
    assert dict(one.attributes) == {
        "source_id": "order-7",
        "operation": "charge",
        "lines": '[1,{"a":null}]',
    }
    assert one.latest_failure is not None
    assert one.latest_failure.type == "TimeoutError"
    assert one.latest_failure.message == "no answer in 3 s"
    assert "raise TimeoutError" in one.latest_failure.stack_trace


def retry(client: dlq.Client, queue: str, message_id: str) -> None:
    response = client.stub.Retry(pb.RetryRequest(queue=queue, ids=[message_id]), timeout=10)
    assert response.retried_count == 1


def test_the_processor_runs_handlers_until_it_is_stopped(server: LocalServer, queue: str) -> None:
    async def run() -> tuple[list[Any], list[Any]]:
        policy = RetryPolicy(initial_delay=0, max_delay=0, jitter=False)
        async with handler_of(server, retry_policy=policy) as old:
            got: list[Any] = []
            late: list[Any] = []
            has_both, has_late = asyncio.Event(), asyncio.Event()

            async def handle(message: Any) -> None:
                got.append(message)
                if len(got) == 1:
                    raise RuntimeError("not yet")
                has_both.set()

            async def handle_late(message: Any) -> None:
                late.append(message)
                has_late.set()

            old.register_handler(queue, handle)
            await old.start_retry_processor()
            old.register_handler(f"{queue}-later", handle_late)
            await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, "late")
            await old.send_to_dlq(f"{queue}-later", "text", DLQReason.TIMEOUT, "late")
            await has_both.wait()
            await has_late.wait()
            await old.stop_retry_processor()
            await old.send_to_dlq(queue, {"id": 8}, DLQReason.TIMEOUT, "late")
            stats = await old.get_dlq_stats()
            assert stats["queues"][queue] == {"size": 1, "poison_size": 0}
            return got, late

    assert asyncio.run(asyncio.wait_for(run(), 60)) == ([ORDER, ORDER], ["text"])


def test_retry_message_returns_whether_the_handler_succeeded(
    server: LocalServer, queue: str
) -> None:
    async def run() -> None:
        async with handler_of(server, max_retries=1) as old:
            fails = True
            got: list[Any] = []

            def handle(message: Any) -> None:
                got.append(message)
                if fails:
                    raise ValueError("no")

            first = await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, None)
            assert await old.retry_message(queue, first) is False, "no handler is registered"
            old.register_handler(queue, handle)
            assert await old.retry_message(queue, first) is False
            stats = await old.get_dlq_stats()
            assert stats["queues"][queue] == {"size": 0, "poison_size": 1}
            fails = False
            assert await old.retry_message(queue, first) is True, (
                "a quarantined message can be retried"
            )
            assert await old.retry_message(queue, first) is False, "the message was removed"
            assert await old.retry_message(queue, "spooled:1") is False
            assert got == [ORDER, ORDER]

    asyncio.run(asyncio.wait_for(run(), 60))


def test_retry_message_processes_no_other_messages(server: LocalServer, queue: str) -> None:
    async def run() -> list[Any]:
        policy = RetryPolicy(initial_delay=0, max_delay=0)
        async with handler_of(server, retry_policy=policy) as old:
            got: list[Any] = []
            old.register_handler(queue, got.append)
            for number in range(3):
                wanted = await old.send_to_dlq(queue, {"id": number}, DLQReason.TIMEOUT, "late")
            assert await old.retry_message(queue, wanted) is True
            stats = await old.get_dlq_stats()
            assert stats["queues"][queue]["size"] == 2
            return got

    assert asyncio.run(asyncio.wait_for(run(), 60)) == [{"id": 2}]


def test_retry_message_returns_the_outcome_of_another_process(
    server: LocalServer, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outcome of another process's worker is returned."""

    async def run(outcome: dlq.Outcome | None) -> bool:
        policy = RetryPolicy(initial_delay=0, max_delay=0)
        async with handler_of(server, retry_policy=policy) as old:
            old.register_handler(
                queue, lambda message: pytest.fail("another process has the message")
            )
            held = asyncio.Event()
            may_end = asyncio.Event()
            called = asyncio.Event()
            retry = old._calls.retry

            async def retry_and_notify(request: pb.RetryRequest) -> pb.RetryResponse:
                response = await retry(request)
                called.set()
                return response

            monkeypatch.setattr(old._calls, "retry", retry_and_notify)
            other = dlq.aio.Client(server.target, spool=False)

            async def handle(delivery: dlq.Delivery) -> dlq.Outcome | None:
                held.set()
                await may_end.wait()
                return outcome

            async with other, await other.worker(f"old.{queue}", prefetch=0).start(handle):
                message_id = await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, "late")
                await held.wait()
                retrying = asyncio.ensure_future(old.retry_message(queue, message_id))
                await called.wait()
                may_end.set()
                return await retrying

    assert asyncio.run(asyncio.wait_for(run(None), 60)) is True
    assert asyncio.run(asyncio.wait_for(run(dlq.quarantine()), 60)) is False


def test_a_message_is_spooled_while_the_service_is_unavailable(
    spool_folder: Path, queue: str
) -> None:
    async def run() -> str:
        client = dlq.aio.Client(
            "127.0.0.1:1", timeout=0.3, spool=dlq.SpoolOptions(folder=spool_folder)
        )
        async with client, DLQHandler(client, DLQConfig("shop")) as old:
            return await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, "late")

    assert asyncio.run(run()).startswith("spooled:")


def test_send_to_dlq_raises_if_the_message_can_not_be_stored(server: LocalServer) -> None:
    async def run() -> None:
        async with handler_of(server) as old:
            with pytest.raises(dlq.DlqClientError):
                await old.send_to_dlq("orders", object(), DLQReason.TIMEOUT, "late")

    asyncio.run(run())


def test_an_old_program_can_be_tested_with_the_fake_server(fake: FakeServer) -> None:
    async def run() -> None:
        async with DLQHandler(fake.target, DLQConfig("shop", max_retries=2)) as old:
            got: list[Any] = []
            old.register_handler("orders", got.append)
            first = await old.send_to_dlq("orders", ORDER, error=TimeoutError("x"))
            assert await old.retry_message("orders", first) is True
            await old.send_to_dlq("orders", ORDER, DLQReason.TIMEOUT, "x")
            await old.start_retry_processor()
            await asyncio.to_thread(fake.wait_for, "dlq.orders", "SUCCEEDED", 2)
            assert got == [ORDER, ORDER]
            old.register_handler("bad", lambda message: 1 / 0)
            await old.send_to_dlq("bad", ORDER)
            [bad] = await asyncio.to_thread(fake.wait_for, "dlq.bad", "QUARANTINED")
            assert bad.attempts == 2
            stats = await old.get_dlq_stats()
            assert stats["queues"]["bad"] == {"size": 0, "poison_size": 1}
            fake.go_down()
            assert (await old.send_to_dlq("orders", ORDER)).startswith("spooled:")

    asyncio.run(run())


@pytest.fixture
def _fresh_warnings() -> Iterator[None]:
    warned = set(deprecation._warned)
    deprecation._warned.clear()
    yield
    deprecation._warned.update(warned)


@pytest.mark.usefixtures("_fresh_warnings")
def test_each_name_warns_once_with_its_replacement(server: LocalServer) -> None:
    async def run() -> None:
        for _ in range(2):
            async with DLQHandler(server.target, DLQConfig("shop"), nats_client=object()) as old:
                old.register_handler("warned", print)
                await old.get_dlq_stats()

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        asyncio.run(run())
    texts = [str(one.message) for one in seen if one.category is DeprecationWarning]
    assert len(texts) == len(set(texts))
    for start in ("dlq.compat.DLQHandler is deprecated; use", "register_handler", "get_dlq_stats"):
        assert any(one.startswith(start) for one in texts), texts
    places = {one.filename for one in seen if "DLQHandler" in str(one.message)}
    assert places == {__file__}, "the warning names the program's line"
