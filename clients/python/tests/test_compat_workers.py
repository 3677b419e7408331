"""Starting the workers of `dlq.compat` handlers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import dlq.aio
from dlq.aio.worker import Worker
from dlq.compat import DLQConfig, DLQHandler
from dlq.testing import FakeServer


def test_a_handler_may_be_registered_while_the_processor_starts(fake: FakeServer) -> None:
    async def run() -> None:
        done: list[str] = []
        async with (
            dlq.aio.Client(fake.target, spool=False) as client,
            DLQHandler(client, DLQConfig("shop", redis_key_prefix="")) as old,
        ):
            both = asyncio.Event()

            async def handle(message: str) -> None:
                done.append(message)
                if len(done) == 2:
                    both.set()

            for queue in ("first", "second"):
                await client.send(queue, queue)
            old.register_handler("first", handle)
            starting = asyncio.ensure_future(old.start_retry_processor())
            await asyncio.sleep(0)
            old.register_handler("second", handle)
            await starting
            await asyncio.wait_for(both.wait(), 20)
            assert sorted(done) == ["first", "second"]

    asyncio.run(run())


def test_the_processor_can_start_after_a_failed_start(
    fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Worker.start

    async def fail(*_: Any) -> Any:
        raise RuntimeError("a fault")

    async def run() -> None:
        async with (
            dlq.aio.Client(fake.target, spool=False) as client,
            DLQHandler(client, DLQConfig("shop", redis_key_prefix="")) as old,
        ):
            old.register_handler("q", lambda _: None)
            monkeypatch.setattr(Worker, "start", fail)
            with pytest.raises(RuntimeError):
                await old.start_retry_processor()
            monkeypatch.setattr(Worker, "start", start)
            await old.start_retry_processor()
            await old.stop_retry_processor()
            assert [one for one in client._workers if one._core is not None] == []

    asyncio.run(run())


def test_a_handler_that_raises_is_logged_with_its_error(
    fake: FakeServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(message: str) -> None:
        raise ValueError(f"no stock for {message}")

    async def run() -> None:
        async with (
            dlq.aio.Client(fake.target, spool=False) as client,
            DLQHandler(client, DLQConfig("shop", redis_key_prefix="")) as old,
        ):
            await client.send("q", "x", max_retries=1)
            old.register_handler("q", refuse)
            await old.start_retry_processor()
            await asyncio.to_thread(fake.wait_for, "q", "QUARANTINED")

    asyncio.run(run())
    [line] = [one for one in caplog.records if "the handler failed" in one.message]
    assert line.exc_info is not None
    assert str(line.exc_info[1]) == "no stock for x"
