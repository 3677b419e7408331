"""Callbacks of the DLQConfig of `dlq.compat`."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from dlq.compat import DLQConfig, DLQHandler, DLQMessage, DLQReason, RetryPolicy, outcome_reports
from dlq.testing import FakeServer, LocalServer

NOW = RetryPolicy(initial_delay=0, max_delay=0, jitter=False)
ORDER = {"id": 7}


def bank_fails(message: object) -> None:
    raise ConnectionError("the bank did not answer")


def test_success_callback_gets_the_message_that_succeeded(server: LocalServer, queue: str) -> None:
    got: list[DLQMessage] = []

    async def run() -> str:
        config = DLQConfig("shop", max_retries=9, success_callback=got.append)
        async with DLQHandler(server.target, config) as old:
            old.register_handler(queue, print)
            message_id = await old.send_to_dlq(
                queue, ORDER, DLQReason.TIMEOUT, TimeoutError("late"), {"operation": "charge"}
            )
            assert await old.retry_message(queue, message_id) is True
            return message_id

    message_id = asyncio.run(run())
    [one] = got
    assert (one.message_id, one.queue_name) == (message_id, queue)
    assert (one.original_message, one.reason) == (ORDER, DLQReason.TIMEOUT)
    assert (one.error_details, one.metadata) == ("late", {"operation": "charge"})
    assert (one.retry_count, one.max_retries, one.status) == (0, 5, "succeeded")
    assert one.first_failure_time is not None
    assert datetime.now(timezone.utc) - one.first_failure_time < timedelta(minutes=5)
    assert one.next_retry_time is None
    assert [entry["error_type"] for entry in one.error_history] == ["TimeoutError"]


def test_failure_callback_gets_the_message_that_went_to_poison(
    server: LocalServer, queue: str
) -> None:
    got: list[DLQMessage] = []

    async def on_failure(message: DLQMessage) -> None:
        got.append(message)

    async def run() -> None:
        config = DLQConfig("shop", max_retries=2, retry_policy=NOW, failure_callback=on_failure)
        async with DLQHandler(server.target, config) as old:
            old.register_handler(queue, bank_fails)
            message_id = await old.send_to_dlq(queue, ORDER, error=TimeoutError("late"))
            assert await old.retry_message(queue, message_id) is False
            while not got:
                assert await old.retry_message(queue, message_id) is False

    asyncio.run(asyncio.wait_for(run(), 60))
    [one] = got
    assert (one.retry_count, one.status) == (2, "poison")
    assert one.error_details == "the bank did not answer"
    assert one.stack_trace is not None
    assert "bank_fails" in one.stack_trace
    assert one.last_failure_time is not None
    assert [entry["error_details"] for entry in one.error_history] == [
        *("the bank did not answer", "the bank did not answer")
    ]


@pytest.mark.parametrize("is_async", [False, True])
def test_the_handler_gets_what_the_transform_returns(
    fake: FakeServer, queue: str, is_async: bool
) -> None:
    def plain(message: DLQMessage) -> object:
        assert message.status == "retrying"
        return {**message.original_message, "attempt": message.retry_count + 1}

    async def coroutine(message: DLQMessage) -> object:
        return plain(message)

    async def run() -> list[Any]:
        got: list[Any] = []
        config = DLQConfig("shop", transform_function=coroutine if is_async else plain)
        async with DLQHandler(fake.target, config) as old:
            old.register_handler(queue, got.append)
            await old.retry_message(queue, await old.send_to_dlq(queue, ORDER))
        return got

    assert asyncio.run(run()) == [{"id": 7, "attempt": 1}]


def test_the_handler_gets_the_original_message_if_the_transform_raises(
    fake: FakeServer, queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    def spoil(message: DLQMessage) -> None:
        message.original_message.clear()
        raise ValueError("no such order")

    async def run() -> list[Any]:
        got: list[Any] = []
        async with DLQHandler(fake.target, DLQConfig("shop", transform_function=spoil)) as old:
            old.register_handler(queue, got.append)
            await old.retry_message(queue, await old.send_to_dlq(queue, ORDER))
        return got

    assert asyncio.run(run()) == [ORDER]
    assert f'of queue "{queue}"; its handler gets the original message' in caplog.text
    assert "no such order" in caplog.text


def test_errors_in_callbacks_are_logged(
    fake: FakeServer, queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    config = DLQConfig(
        "shop", max_retries=1, success_callback=bank_fails, failure_callback=bank_fails
    )

    async def run() -> None:
        async with DLQHandler(fake.target, config) as old:
            old.register_handler(queue, print)
            old.register_handler(f"{queue}-bad", bank_fails)
            first = await old.send_to_dlq(queue, ORDER)
            assert await old.retry_message(queue, first) is True
            second = await old.send_to_dlq(f"{queue}-bad", ORDER)
            assert await old.retry_message(f"{queue}-bad", second) is False

    asyncio.run(run())
    assert "success_callback raised" in caplog.text
    assert "failure_callback raised" in caplog.text


def test_stop_waits_for_callbacks(fake: FakeServer, queue: str) -> None:
    async def run() -> None:
        processed, may_end = asyncio.Event(), asyncio.Event()
        ended: list[str] = []

        async def handle(message: object) -> None:
            processed.set()

        async def on_success(message: DLQMessage) -> None:
            await may_end.wait()
            ended.append(message.message_id)

        config = DLQConfig("shop", retry_policy=NOW, success_callback=on_success)
        async with DLQHandler(fake.target, config) as old:
            old.register_handler(queue, handle)
            await old.start_retry_processor()
            message_id = await old.send_to_dlq(queue, ORDER)
            await processed.wait()
            stopping = asyncio.ensure_future(old.stop_retry_processor())
            may_end.set()
            await stopping
            assert ended == [message_id]

    asyncio.run(asyncio.wait_for(run(), 60))


def test_a_callback_may_stop_the_processor(fake: FakeServer, queue: str) -> None:
    async def run() -> None:
        stopped = asyncio.Event()

        async def on_success(message: DLQMessage) -> None:
            await old.stop_retry_processor()
            stopped.set()

        config = DLQConfig("shop", retry_policy=NOW, success_callback=on_success)
        async with DLQHandler(fake.target, config) as old:
            old.register_handler(queue, print)
            await old.start_retry_processor()
            await old.send_to_dlq(queue, ORDER)
            await asyncio.wait_for(stopped.wait(), 4)

    asyncio.run(asyncio.wait_for(run(), 60))


def test_handlers_wait_for_slow_callbacks(
    fake: FakeServer, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome_reports, "_MAX_OPEN", 1)

    async def run() -> None:
        in_callback, may_end = asyncio.Event(), asyncio.Event()
        handled: list[Any] = []
        has_both = asyncio.Event()

        def handle(message: Any) -> None:
            handled.append(message)

        async def on_success(message: DLQMessage) -> None:
            in_callback.set()
            await may_end.wait()
            if len(handled) == 2:
                has_both.set()

        config = DLQConfig("shop", retry_policy=NOW, success_callback=on_success)
        async with DLQHandler(fake.target, config) as old:
            old.register_handler(queue, handle)
            await old.start_retry_processor()
            await old.send_to_dlq(queue, 1)
            await in_callback.wait()
            await old.send_to_dlq(queue, 2)
            await asyncio.to_thread(fake.wait_for, f"dlq.{queue}", "IN_FLIGHT")
            assert handled == [1]
            may_end.set()
            await has_both.wait()

    asyncio.run(asyncio.wait_for(run(), 60))
