"""Sends of a handler's own message from other threads and tasks."""

from __future__ import annotations

import asyncio
import threading

import pytest

import dlq
import dlq.aio
from dlq.testing import FakeServer

AGAIN = ValueError("again")


@pytest.mark.parametrize("give", ["delivery", "text"])
def test_a_message_that_is_sent_after_its_handler_is_another_message(
    fake: FakeServer, give: str
) -> None:
    """The outcome is decided, although the worker has not reported it."""
    results: list[dlq.SendResult] = []

    async def main() -> None:
        tasks: list[asyncio.Task[None]] = []

        async with dlq.aio.Client(fake.target, spool=False) as client:

            async def send(delivery: dlq.Delivery) -> None:
                given = delivery if give == "delivery" else delivery.text
                results.append(await client.send("q", given, AGAIN, delay=60))

            async def handle(delivery: dlq.Delivery) -> None:
                tasks.append(asyncio.create_task(send(delivery)))

            await client.send("q", "x")
            async with await client.worker("q").start(handle):
                await asyncio.to_thread(fake.wait_for, "q", "SUCCEEDED")
                await asyncio.gather(*tasks)

    asyncio.run(main())
    assert [one.status for one in results] == ["sent"]
    assert [one.state for one in fake.messages("q")] == ["SUCCEEDED", "SCHEDULED"]


def test_a_released_message_that_its_handler_sends_is_not_doubled(fake: FakeServer) -> None:
    started, stopped, sent = threading.Event(), threading.Event(), threading.Event()
    results: list[dlq.SendResult] = []

    def handle(delivery: dlq.Delivery) -> None:
        started.set()
        stopped.wait(20)
        results.append(client.send("q", "x", AGAIN))
        sent.set()

    with dlq.Client(fake.target, spool=False) as client:
        client.send("q", "x")
        worker = client.worker("q").start(handle)
        assert started.wait(20)
        worker.stop(timeout=0)
        stopped.set()
        assert sent.wait(20)
    assert [one.status for one in results] == ["delivery"]
    assert [one.state for one in fake.messages("q")] == ["SCHEDULED"]
