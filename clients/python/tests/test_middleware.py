"""Middleware of workers."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from conftest import until

import dlq
import dlq.aio
from dlq.testing import FakeServer

SEEN: list[str] = []


@pytest.fixture(autouse=True)
def _empty() -> None:
    SEEN.clear()


def named(name: str) -> dlq.Middleware:
    def run(
        delivery: dlq.Delivery, call_next: Callable[[], dlq.Outcome | None]
    ) -> dlq.Outcome | None:
        SEEN.append(f"{name} {delivery.text}")
        try:
            return call_next()
        except KeyError:
            return dlq.quarantine(name)
        finally:
            SEEN.append(f"after {name}")

    return run


def named_async(name: str) -> dlq.aio.AsyncMiddleware:
    async def run(
        delivery: dlq.Delivery, call_next: Callable[[], Awaitable[dlq.Outcome | None]]
    ) -> dlq.Outcome | None:
        SEEN.append(f"{name} {delivery.text}")
        try:
            return await call_next()
        except KeyError:
            return dlq.quarantine(name)
        finally:
            SEEN.append(f"after {name}")

    return run


def fails(_: dlq.Delivery) -> None:
    raise KeyError("no stock")


async def fails_later(delivery: dlq.Delivery) -> None:
    await asyncio.sleep(0)
    fails(delivery)


def returns_coroutine(delivery: dlq.Delivery) -> Any:
    return fails_later(delivery)


def work(fake: FakeServer, handler: Any, state: str, middleware: list[Any]) -> str:
    """Returns the message of the last failure."""
    settings: Any = {"middleware": middleware, "on_error": lambda *_: None}
    with dlq.Client(fake.target, spool=False) as client:
        client.send("q", "x", max_retries=1)
        with client.worker("q", **settings).start(handler):
            [message] = fake.wait_for("q", state)
    return message.failures[-1].message


def work_asyncio(fake: FakeServer, handler: Any, state: str, middleware: list[Any]) -> str:
    async def main() -> str:
        settings: Any = {"middleware": middleware, "on_error": lambda *_: None}
        async with dlq.aio.Client(fake.target, spool=False) as client:
            await client.send("q", "x", max_retries=1)
            async with await client.worker("q", **settings).start(handler):
                [message] = await asyncio.to_thread(fake.wait_for, "q", state)
        return message.failures[-1].message

    return asyncio.run(main())


PLAIN, ASYNC = [named("one"), named("two")], [named_async("one"), named_async("two")]


@pytest.mark.parametrize(
    ("run", "handler", "middleware"),
    [
        (work, fails, PLAIN),
        (work_asyncio, fails, PLAIN),
        (work_asyncio, returns_coroutine, PLAIN),
        (work_asyncio, fails_later, ASYNC),
    ],
)
def test_it_runs_around_the_handler_and_replaces_its_result(
    fake: FakeServer, run: Any, handler: Any, middleware: list[Any]
) -> None:
    run(fake, handler, "QUARANTINED", middleware)
    assert SEEN == ["one x", "two x", "after two", "after one"]


@pytest.mark.parametrize(
    ("run", "handler", "middleware"),
    [
        (work, fails_later, ASYNC),
        (work, fails, ASYNC),
        (work_asyncio, fails, ASYNC),
        (work_asyncio, fails_later, PLAIN),
    ],
)
def test_what_can_not_be_awaited_is_refused_at_the_start(
    fake: FakeServer, run: Any, handler: Any, middleware: list[Any]
) -> None:
    with pytest.raises(TypeError, match=r"the middleware run is .*async|dlq\.aio"):
        run(fake, handler, "SUCCEEDED", middleware)


def drops(_: dlq.Delivery, call_next: Callable[[], object]) -> None:
    call_next()


async def drops_async(_: dlq.Delivery, call_next: Callable[[], object]) -> None:
    call_next()


async def drops_task(_: dlq.Delivery, call_next: Callable[[], Any]) -> None:
    SEEN.append(str(asyncio.create_task(call_next())))
    await asyncio.sleep(0)


async def slow(_: dlq.Delivery) -> None:
    await asyncio.sleep(0.2)


@pytest.mark.parametrize(
    ("run", "handler", "middleware", "words"),
    [
        (work, returns_coroutine, drops, "returned a coroutine, which is no outcome"),
        (work_asyncio, returns_coroutine, drops, "no stock"),
        (work_asyncio, fails_later, drops_async, "drops_async did not await call_next()"),
        (work_asyncio, slow, drops_task, "drops_task did not await call_next()"),
        (work, lambda _: None, lambda *_: True, "returned a bool, which is no outcome"),
        (work, lambda _: True, named("one"), "returned a bool, which is no outcome"),
    ],
)
def test_what_was_not_awaited_fails(
    fake: FakeServer, run: Any, handler: Any, middleware: Any, words: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a coroutine that is never awaited
        assert words in run(fake, handler, "QUARANTINED", [middleware])


def forgets(_: dlq.Delivery, call_next: Callable[[], object]) -> None:
    """Neither calls nor returns anything."""


async def forgets_async(_: dlq.Delivery, call_next: Callable[[], object]) -> None:
    """Neither calls nor returns anything."""


async def drops_awaited(_: dlq.Delivery, call_next: Callable[[], Awaitable[object]]) -> None:
    await call_next()


def logs(_: dlq.Delivery, call_next: Callable[[], object]) -> None:
    try:
        call_next()
    except KeyError:
        SEEN.append("logged")


async def logs_async(_: dlq.Delivery, call_next: Callable[[], Awaitable[object]]) -> None:
    try:
        await call_next()
    except KeyError:
        SEEN.append("logged")


async def discards(_: dlq.Delivery) -> dlq.Outcome:
    return dlq.discard("not for us")


@pytest.mark.parametrize(
    ("run", "handler", "middleware"), [(work, fails, forgets), (work_asyncio, slow, forgets_async)]
)
def test_one_that_forgets_the_handler_fails(
    fake: FakeServer, run: Any, handler: Any, middleware: Any
) -> None:
    text = run(fake, handler, "QUARANTINED", [middleware])
    assert "call_next(), and returned nothing; return an outcome" in text


@pytest.mark.parametrize(
    ("run", "handler", "middleware"),
    [
        (work, lambda _: dlq.discard("not for us"), drops),
        (work_asyncio, discards, drops_awaited),
    ],
)
def test_if_it_returns_nothing_the_outcome_of_the_handler_stands(
    fake: FakeServer, run: Any, handler: Any, middleware: Any
) -> None:
    run(
        fake,
        handler,
        "DISCARDED",
        [named("one") if run is work else named_async("one"), middleware],
    )


@pytest.mark.parametrize(
    ("run", "handler", "middleware"),
    [(work, fails, logs), (work_asyncio, fails, logs), (work_asyncio, fails_later, logs_async)],
)
def test_if_it_returns_nothing_the_error_of_the_handler_stands(
    fake: FakeServer, run: Any, handler: Any, middleware: Any
) -> None:
    assert run(fake, handler, "QUARANTINED", [middleware]) == "'no stock'"
    assert SEEN == ["logged"]


def test_one_that_calls_the_handler_in_a_thread_must_wait_for_it(fake: FakeServer) -> None:
    ending = threading.Event()

    def starts_thread(_: dlq.Delivery, call_next: Callable[[], object]) -> dlq.Outcome:
        started = threading.Event()
        threading.Thread(target=lambda: (started.set(), call_next()), daemon=True).start()
        assert started.wait(20)
        until(lambda: SEEN == ["running"])
        return dlq.succeed()

    def waits(_: dlq.Delivery) -> None:
        SEEN.append("running")
        ending.wait(20)

    assert "the handler has not ended" in work(fake, waits, "QUARANTINED", [starts_thread])
    ending.set()


def test_it_may_leave_out_the_handler(fake: FakeServer) -> None:
    work(fake, fails, "DISCARDED", [lambda *_: dlq.discard("not for us")])


def test_batch_handlers_have_none(fake: FakeServer) -> None:
    with (
        dlq.Client(fake.target, spool=False) as client,
        pytest.raises(TypeError, match="middleware is not for batch handlers"),
    ):
        client.worker("q", middleware=PLAIN).start_batches(lambda _: None)
