"""Whoever waits for a client has been told of what was dropped."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError

import pytest

import dlq
import dlq.aio
from dlq._engine import drop_report

AWAY = "127.0.0.1:1"


class SlowOwner:
    """An `on_dropped` that takes until `go_on`."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.told: list[str] = []

    def __call__(self, error: dlq.DlqClientError, queue: str) -> None:
        self.go_on.wait(20)
        self.told.append(queue)


@pytest.mark.parametrize("end", ["flush", "close"])
def test_a_flush_and_a_close_wait_until_drops_are_told(end: str) -> None:
    owner = SlowOwner()
    client = dlq.Client(AWAY, spool=False, timeout=0.1, on_dropped=owner)
    for _ in range(3):
        client.send("q", "x")
    with ThreadPoolExecutor(1) as pool:
        ended: Future[None] = pool.submit(getattr(client, end))
        with pytest.raises(FutureTimeoutError):
            ended.result(0.3)
        owner.go_on.set()
        ended.result(20)
    assert owner.told == ["q"] * 3
    client.close()


def test_what_a_close_in_haste_drops_is_told_before_it_ends() -> None:
    told: list[str] = []

    def slow(error: dlq.DlqClientError, queue: str) -> None:
        threading.Event().wait(0.02)
        told.append(error.kind)

    client = dlq.Client(AWAY, spool=False, timeout=60, on_dropped=slow)
    for _ in range(10):
        client.send_soon("q", "x")
    client.close(0)
    assert told == ["closed"] * 10


def test_a_flush_waits_no_longer_than_it_is_told() -> None:
    owner = SlowOwner()
    client = dlq.Client(AWAY, spool=False, timeout=0.1, on_dropped=owner)
    client.send("q", "x")
    client.flush(0.1)
    assert owner.told == []
    owner.go_on.set()
    client.close()
    assert owner.told == ["q"]


def test_asyncio_waits_too() -> None:
    owner = SlowOwner()

    async def main() -> None:
        client = dlq.aio.Client(AWAY, spool=False, timeout=0.1, on_dropped=owner)
        await client.send("q", "x")
        flushed = asyncio.ensure_future(client.flush())
        await asyncio.wait([flushed], timeout=0.2)
        assert not flushed.done()
        owner.go_on.set()
        await flushed
        assert owner.told == ["q"]
        await client.send("q", "x")
        await client.close()
        assert owner.told == ["q"] * 2

    asyncio.run(main())


@pytest.mark.parametrize("end", ["flush", "close"])
def test_an_owner_that_waits_for_whoever_waits_for_it_holds_up_no_end(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drop_report, "_MOST_CALL_S", 0.2)
    owner = SlowOwner()
    client = dlq.Client(AWAY, spool=False, timeout=0.1, on_dropped=owner)
    client.send("q", "x")
    with ThreadPoolExecutor(1) as pool:
        ended: Future[None] = pool.submit(getattr(client, end))
        try:
            ended.result(5)
        finally:
            owner.go_on.set()
    client.close()


def test_an_owner_that_goes_on_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drop_report, "_MOST_CALL_S", 0.2)
    told: list[str] = []

    def slow(error: dlq.DlqClientError, queue: str) -> None:
        threading.Event().wait(0.1)
        told.append(queue)

    client = dlq.Client(AWAY, spool=False, timeout=0.1, on_dropped=slow)
    for _ in range(10):
        client.send_soon("q", "x")
    client.flush()
    assert told == ["q"] * 10
    client.close()


@pytest.mark.parametrize("end", ["flush", "close"])
def test_on_dropped_may_itself_flush_and_close(end: str) -> None:
    ended = threading.Event()

    def on_dropped(error: dlq.DlqClientError, queue: str) -> None:
        getattr(client, end)()
        ended.set()

    client = dlq.Client(AWAY, spool=False, timeout=0.1, on_dropped=on_dropped)
    client.send("q", "x")
    assert ended.wait(20)
    client.close()
