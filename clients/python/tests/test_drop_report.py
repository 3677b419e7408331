"""`flush` and `close` wait for `on_dropped`."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError

import pytest

import dlq
import dlq.aio
from dlq._engine import drop_report

UNAVAILABLE = "127.0.0.1:1"


class SlowCallback:
    """An `on_dropped` that blocks until `may_end` is set."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.queues: list[str] = []

    def __call__(self, error: dlq.DlqClientError, queue: str) -> None:
        self.may_end.wait(20)
        self.queues.append(queue)


@pytest.mark.parametrize("end", ["flush", "close"])
def test_flush_and_close_wait_for_on_dropped(end: str) -> None:
    callback = SlowCallback()
    client = dlq.Client(UNAVAILABLE, spool=False, timeout=0.1, on_dropped=callback)
    for _ in range(3):
        client.send("q", "x")
    with ThreadPoolExecutor(1) as pool:
        ended: Future[None] = pool.submit(getattr(client, end))
        with pytest.raises(FutureTimeoutError):
            ended.result(0.3)
        callback.may_end.set()
        ended.result(20)
    assert callback.queues == ["q"] * 3
    client.close()


def test_close_without_timeout_reports_all_drops() -> None:
    reported: list[str] = []

    def slow(error: dlq.DlqClientError, queue: str) -> None:
        threading.Event().wait(0.02)
        reported.append(error.kind)

    client = dlq.Client(UNAVAILABLE, spool=False, timeout=60, on_dropped=slow)
    for _ in range(10):
        client.send_soon("q", "x")
    client.close(0)
    assert reported == ["closed"] * 10


def test_flush_waits_at_most_its_timeout() -> None:
    callback = SlowCallback()
    client = dlq.Client(UNAVAILABLE, spool=False, timeout=0.1, on_dropped=callback)
    client.send("q", "x")
    client.flush(0.1)
    assert callback.queues == []
    callback.may_end.set()
    client.close()
    assert callback.queues == ["q"]


def test_asyncio_flush_and_close_wait_for_on_dropped() -> None:
    callback = SlowCallback()

    async def main() -> None:
        client = dlq.aio.Client(UNAVAILABLE, spool=False, timeout=0.1, on_dropped=callback)
        await client.send("q", "x")
        flushed = asyncio.ensure_future(client.flush())
        await asyncio.wait([flushed], timeout=0.2)
        assert not flushed.done()
        callback.may_end.set()
        await flushed
        assert callback.queues == ["q"]
        await client.send("q", "x")
        await client.close()
        assert callback.queues == ["q"] * 2

    asyncio.run(main())


@pytest.mark.parametrize("end", ["flush", "close"])
def test_flush_and_close_end_if_one_callback_blocks_too_long(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drop_report, "_MAX_CALLBACK_S", 0.2)
    callback = SlowCallback()
    client = dlq.Client(UNAVAILABLE, spool=False, timeout=0.1, on_dropped=callback)
    client.send("q", "x")
    with ThreadPoolExecutor(1) as pool:
        ended: Future[None] = pool.submit(getattr(client, end))
        try:
            ended.result(5)
        finally:
            callback.may_end.set()
    client.close()


def test_flush_waits_for_many_callbacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drop_report, "_MAX_CALLBACK_S", 0.2)
    reported: list[str] = []

    def slow(error: dlq.DlqClientError, queue: str) -> None:
        threading.Event().wait(0.1)
        reported.append(queue)

    client = dlq.Client(UNAVAILABLE, spool=False, timeout=0.1, on_dropped=slow)
    for _ in range(10):
        client.send_soon("q", "x")
    client.flush()
    assert reported == ["q"] * 10
    client.close()


@pytest.mark.parametrize("end", ["flush", "close"])
def test_on_dropped_may_call_flush_and_close(end: str) -> None:
    ended = threading.Event()

    def on_dropped(error: dlq.DlqClientError, queue: str) -> None:
        getattr(client, end)()
        ended.set()

    client = dlq.Client(UNAVAILABLE, spool=False, timeout=0.1, on_dropped=on_dropped)
    client.send("q", "x")
    assert ended.wait(20)
    client.close()


def test_drops_without_on_dropped_are_logged_at_most_once_a_second(
    caplog: pytest.LogCaptureFixture,
) -> None:
    report = drop_report.DropReport(None)
    for queue in ("a", "b", "c"):
        report.report(dlq.DlqClientError("refused", "no such queue"), queue)
    report.close()
    assert [one.message for one in caplog.records] == [
        'dlq: dropped a message for queue "a" (refused): no such queue',
        'dlq: dropped 2 messages, the last for queue "c" (refused): no such queue',
    ]


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.message for one in caplog.records]


def test_what_on_dropped_itself_sends_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    queues: list[str] = []

    def on_dropped(error: dlq.DlqClientError, queue: str) -> None:
        queues.append(queue)
        client.send("fallback", "x")

    client = dlq.Client(UNAVAILABLE, spool=False, timeout=0.1, on_dropped=on_dropped)
    client.send("q", "x")
    client.close()
    assert queues == ["q"]
    [line] = lines(caplog)
    assert line.startswith('dlq: dropped a message for queue "fallback" (')


def test_on_dropped_may_send_after_close(caplog: pytest.LogCaptureFixture) -> None:
    queues: list[str] = []

    def on_dropped(error: dlq.DlqClientError, queue: str) -> None:
        queues.append(queue)
        client.send("fallback", "x")

    client = dlq.Client(UNAVAILABLE, spool=False, on_dropped=on_dropped)
    client.close()
    client.send("q", "x")
    assert queues == ["q"]
    [line] = lines(caplog)
    assert line.startswith('dlq: dropped a message for queue "fallback" (closed)')


def test_on_dropped_may_send_by_a_task(caplog: pytest.LogCaptureFixture) -> None:
    queues: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        again: list[Future[dlq.SendResult]] = []

        def on_dropped(error: dlq.DlqClientError, queue: str) -> None:
            queues.append(queue)
            sent = client.send("fallback", "x")
            again.append(asyncio.run_coroutine_threadsafe(sent, loop))

        client = dlq.aio.Client(UNAVAILABLE, spool=False, timeout=0.1, on_dropped=on_dropped)
        await client.send("q", "x")
        await client.flush()
        await asyncio.wrap_future(again[0])
        await client.close()

    asyncio.run(main())
    assert queues == ["q"]
    assert 'for queue "fallback"' in lines(caplog)[0]


def test_another_client_reports_what_on_dropped_sends() -> None:
    reported: list[str] = []
    with (
        dlq.Client(
            UNAVAILABLE,
            spool=False,
            timeout=0.1,
            on_dropped=lambda error, queue: reported.append(queue),
        ) as fallback,
        dlq.Client(
            UNAVAILABLE,
            spool=False,
            timeout=0.1,
            on_dropped=lambda error, queue: fallback.send("fallback", "x"),
        ) as client,
    ):
        client.send("q", "x")
    assert reported == ["fallback"]
