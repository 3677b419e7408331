"""Handlers that are functions, coroutine functions, objects, or return something to await."""

from __future__ import annotations

import asyncio
import functools
import threading
import warnings
from collections.abc import Callable
from typing import Any

import pytest

import dlq
import dlq.aio
from dlq.testing import FakeServer


async def quarantined(delivery: dlq.Delivery) -> dlq.Outcome:
    await asyncio.sleep(0)
    return dlq.quarantine(f"read {delivery.text}")


class AsyncHandler:
    async def __call__(self, delivery: dlq.Delivery) -> dlq.Outcome:
        return await quarantined(delivery)


ASYNC = [quarantined, AsyncHandler(), functools.partial(AsyncHandler())]


def returns_coroutine(delivery: dlq.Delivery) -> object:
    return quarantined(delivery)


@pytest.mark.parametrize("handler", ASYNC)
def test_the_sync_worker_refuses_handlers_that_are_async(
    fake: FakeServer, handler: Callable[[dlq.Delivery], object]
) -> None:
    with (
        dlq.Client(fake.target, spool=False) as client,
        pytest.raises(TypeError, match=r"dlq\.aio"),
    ):
        client.worker("q").start(handler)  # type: ignore[arg-type]


def test_the_sync_worker_fails_a_message_whose_handler_returned_a_coroutine(
    fake: FakeServer,
) -> None:
    with dlq.Client(fake.target, spool=False) as client, warnings.catch_warnings():
        warnings.simplefilter("error")  # a coroutine that is never awaited
        client.send("q", "x", max_retries=1)
        with client.worker("q").start(returns_coroutine):  # type: ignore[arg-type]
            [message] = fake.wait_for("q", "QUARANTINED")
    assert "returned a coroutine, which is no outcome" in message.failures[-1].message
    assert "dlq.aio" in message.failures[-1].message


@pytest.mark.parametrize("handler", [*ASYNC, returns_coroutine])
def test_the_asyncio_worker_awaits_what_the_handler_returns(
    fake: FakeServer, handler: dlq.aio.AsyncHandler
) -> None:
    settled: list[dlq.SettledDelivery] = []

    async def main() -> None:
        async with dlq.aio.Client(fake.target, spool=False) as client:
            await client.send("q", "x")
            worker = client.worker("q", on_settled=lambda _, one: settled.append(one))
            async with await worker.start(handler):
                await asyncio.to_thread(fake.wait_for, "q", "QUARANTINED")

    asyncio.run(main())
    assert [one.outcome for one in settled] == ["quarantined"]


def test_the_asyncio_worker_cancels_what_it_awaits(fake: FakeServer) -> None:
    cancelled: list[str] = []

    async def main() -> None:
        started = asyncio.Event()

        async def wait_long(delivery: dlq.Delivery) -> None:
            started.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.append(delivery.text)
                raise

        async with dlq.aio.Client(fake.target, spool=False) as client:
            await client.send("q", "x")
            worker = await client.worker("q").start(lambda one: wait_long(delivery=one))
            await started.wait()
            await worker.stop(timeout=0)

    asyncio.run(main())
    assert cancelled == ["x"]
    assert fake.messages("q")[0].attempts == 0


def start_at_once(loop: Any, coroutine: Any, **options: Any) -> Any:
    """Makes tasks as the factory of Python 3.12 does."""

    def call_now(step: Any, *arguments: Any, context: Any) -> None:
        del loop.call_soon  # that of its class is left
        outer = asyncio.current_task(loop)
        if outer is not None:
            asyncio.tasks._leave_task(loop, outer)
        try:
            context.run(step, *arguments)
        finally:
            if outer is not None:
                asyncio.tasks._enter_task(loop, outer)

    loop.call_soon = call_now
    return asyncio.Task(coroutine, loop=loop, **options)


def test_the_asyncio_worker_runs_handlers_in_a_loop_that_starts_tasks_at_once(
    fake: FakeServer,
) -> None:
    async def main() -> None:
        started = asyncio.Event()
        factory: Any = getattr(asyncio, "eager_task_factory", start_at_once)
        asyncio.get_running_loop().set_task_factory(factory)

        async def handle(delivery: dlq.Delivery) -> None:
            if delivery.text == "long":
                started.set()
                await asyncio.sleep(60)
            if delivery.text == "short":
                await asyncio.sleep(0)

        async with dlq.aio.Client(fake.target, spool=False) as client:
            for text in ("long", "short", "at once"):
                await client.send("q", text)
            worker = await client.worker("q").start(handle)
            await asyncio.wait_for(started.wait(), 20)
            await asyncio.to_thread(fake.wait_for, "q", "SUCCEEDED", 2)
            await worker.stop(timeout=0)
            assert worker._runner is not None
            assert worker._runner._tasks == {}  # type: ignore[union-attr]

    asyncio.run(main())
    found = {one.payload.text: (one.state, one.attempts) for one in fake.messages("q")}
    done = ("SUCCEEDED", 0)
    assert found == {"long": ("SCHEDULED", 0), "short": done, "at once": done}


def test_the_asyncio_worker_runs_as_many_functions_as_its_concurrency(fake: FakeServer) -> None:
    """asyncio's own threads are fewer on a machine with few cores."""
    together = threading.Barrier(16)

    async def main() -> None:
        async with dlq.aio.Client(fake.target, spool=False) as client:
            await asyncio.gather(*(client.send("q", "x") for _ in range(16)))
            async with await client.worker("q").start(lambda _: (together.wait(20), None)[1]):
                await asyncio.to_thread(fake.wait_for, "q", "SUCCEEDED", 16, 40)

    asyncio.run(main())


def test_a_cancelled_function_of_the_asyncio_worker_may_end(fake: FakeServer) -> None:
    async def main() -> None:
        started = asyncio.Event()
        loop = asyncio.get_running_loop()

        def handle(delivery: dlq.Delivery) -> dlq.Outcome:
            loop.call_soon_threadsafe(started.set)
            assert delivery.wait_cancelled(20)
            return dlq.succeed()

        async with dlq.aio.Client(fake.target, spool=False) as client:
            await client.send("q", "x")
            worker = await client.worker("q").start(handle)
            await started.wait()
            await worker.stop(timeout=0)

    asyncio.run(main())
    assert [one.state for one in fake.messages("q")] == ["SUCCEEDED"]


@pytest.mark.parametrize(
    "given", [lambda one: one, lambda one: one.payload], ids=["delivery", "payload"]
)
def test_a_delivery_whose_forwarding_is_dropped_fails(
    fake: FakeServer, given: Callable[[dlq.Delivery], object]
) -> None:
    closed = dlq.Client(fake.target, spool=False)
    closed.close()

    def forward(delivery: dlq.Delivery) -> None:
        closed.send("other", given(delivery), RuntimeError("not for us"))

    with dlq.Client(fake.target, spool=False) as client:
        client.send("q", "x", max_retries=1)
        with client.worker("q").start(forward):
            [failed] = fake.wait_for("q", "QUARANTINED", 1)
    assert failed.failures[-1].message == "not for us"


def test_what_a_handler_raises_counts_and_not_its_dropped_forwarding(fake: FakeServer) -> None:
    closed = dlq.Client(fake.target, spool=False)
    closed.close()

    def forward(delivery: dlq.Delivery) -> None:
        closed.send("other", delivery, RuntimeError("not for us"))
        raise ValueError("raised")

    with dlq.Client(fake.target, spool=False) as client:
        client.send("q", "x", max_retries=1)
        with client.worker("q").start(forward):
            [failed] = fake.wait_for("q", "QUARANTINED", 1)
    assert failed.failures[-1].message == "raised"


def test_a_delivery_whose_forwarding_is_kept_at_the_second_try_succeeds(fake: FakeServer) -> None:
    closed = dlq.Client(fake.target, spool=False)
    closed.close()
    with dlq.Client(fake.target, spool=False) as client:

        def forward(delivery: dlq.Delivery) -> None:
            for one in (closed, client):
                one.send("other", delivery, RuntimeError("not for us"))

        client.send("q", "x", max_retries=1)
        with client.worker("q").start(forward):
            fake.wait_for("q", "SUCCEEDED", 1)
    assert len(fake.messages("other")) == 1


class NameRaises:
    """Like the proxy of an object that is not there now."""

    @property
    def __name__(self) -> str:
        raise RuntimeError("working outside of a request")


@pytest.mark.parametrize(
    ("returned", "words"),
    [(NameRaises(), "outside of a request"), (dlq.RetryAfterError("busy", 10**400), "busy")],
    ids=["result", "error"],
)
def test_a_delivery_fails_if_what_its_handler_gives_back_cannot_be_read(
    fake: FakeServer, returned: object, words: str
) -> None:
    """A `Retry-After` of 400 digits is no number of seconds."""

    def handle(_: dlq.Delivery) -> Any:
        if isinstance(returned, Exception):
            raise returned
        return returned

    with dlq.Client(fake.target, spool=False) as client:
        client.send("q", "x", max_retries=1)
        with client.worker("q", drain_timeout=0).start(handle):
            [message] = fake.wait_for("q", "QUARANTINED")
    assert words in message.failures[-1].message


def generates(_: dlq.Delivery) -> object:
    yield


async def generates_later(_: dlq.Delivery) -> object:
    yield


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (generates, "the handler has yield"),
        (generates_later, "the handler has yield"),
        (AsyncHandler, "the class AsyncHandler; give a function or an instance"),
        (None, "the handler is None; give a function"),
    ],
)
def test_a_handler_whose_call_processes_nothing_is_refused(
    fake: FakeServer, handler: Any, words: str
) -> None:
    async def main() -> None:
        async with dlq.aio.Client(fake.target, spool=False) as client:
            with pytest.raises(TypeError, match=words):
                await client.worker("q").start(handler)
            with pytest.raises(TypeError, match=words):
                await client.worker("q").start_batches(handler)

    asyncio.run(main())
    with dlq.Client(fake.target, spool=False) as client:
        with pytest.raises(TypeError, match=words):
            client.worker("q").start(handler)
        with pytest.raises(TypeError, match=words):
            client.worker("q").start_batches(handler)


def test_a_worker_that_was_stopped_before_its_start_ends(fake: FakeServer) -> None:
    async def main() -> None:
        async with dlq.aio.Client(fake.target, spool=False) as client:
            worker = client.worker("q")
            await worker.stop()
            await asyncio.wait_for(worker.run(quarantined), 20)

    asyncio.run(main())
    with dlq.Client(fake.target, spool=False) as client:
        worker = client.worker("q")
        worker.stop()
        worker.start(lambda _: None).wait(20)


def test_a_worker_of_a_closed_client_is_refused(fake: FakeServer) -> None:
    async def main() -> None:
        async with dlq.aio.Client(fake.target, spool=False) as client:
            worker = client.worker("q")
        with pytest.raises(dlq.DlqClientError, match="the client is closed"):
            await worker.start(quarantined)

    asyncio.run(main())
    with dlq.Client(fake.target, spool=False) as client:
        worker = client.worker("q")
    with pytest.raises(dlq.DlqClientError, match="the client is closed"):
        worker.start(lambda _: None)
