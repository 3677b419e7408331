"""Workers without threads, and closing several workers."""

from __future__ import annotations

import asyncio
import re
import threading
import time

import pytest
from conftest import until

import dlq
import dlq.aio
from dlq._engine.handler_run import HandlerRun
from dlq.aio.worker import TaskRunner
from dlq.delivery import Delivery
from dlq.testing import FakeServer
from dlq.v1 import dlq_service_pb2 as pb
from dlq.worker import ThreadRunner


def refuse(*_: object) -> None:
    raise RuntimeError("can't start new thread")


class FakeCore:
    """Records what handlers returned or raised."""

    def __init__(self) -> None:
        self.results: list[tuple[object, BaseException | None]] = []

    def ended(self, _: HandlerRun, returned: object, error: BaseException | None) -> None:
        self.results.append((returned, error))


def new_run() -> HandlerRun:
    return HandlerRun([Delivery(pb.Delivery(), None, 0.0)])


def test_existing_threads_run_handlers_if_no_thread_can_be_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()
    runner = ThreadRunner(lambda _: release.wait(20))
    core = runner.core = FakeCore()  # type: ignore[assignment]
    runner.start(new_run())
    monkeypatch.setattr(threading.Thread, "start", refuse)
    for _ in range(2):
        runner.start(new_run())
    monkeypatch.undo()
    release.set()
    until(lambda: core.results == [(True, None)] * 3)
    runner.close()


def test_a_worker_without_threads_ends_with_the_reason(
    fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ThreadRunner, "start", refuse)
    with dlq.Client(fake.target, spool=False) as client:
        client.send("q", "x")
        worker = client.worker("q", drain_timeout=0.1).start(lambda _: None)
        with pytest.raises(dlq.DlqClientError, match="can't start new thread"):
            worker.wait(20)


def test_close_stops_all_workers_at_the_same_time(fake: FakeServer) -> None:
    release, running = threading.Event(), threading.Barrier(4)

    def handle(_: dlq.Delivery) -> None:
        running.wait(20)
        release.wait(20)

    client = dlq.Client(fake.target, spool=False)
    for queue in ("a", "b", "c"):
        client.send(queue, "x")
        client.worker(queue).start(handle)
    running.wait(20)
    began = time.monotonic()
    client.close(1)
    took_s = time.monotonic() - began
    release.set()
    assert took_s < 4, "one after the other takes 6"


def test_the_log_names_the_handlers_that_a_stopping_worker_cancels(
    fake: FakeServer, caplog: pytest.LogCaptureFixture
) -> None:
    started = threading.Event()

    def handle(delivery: dlq.Delivery) -> None:
        started.set()
        delivery.wait_cancelled(20)

    with dlq.Client(fake.target, spool=False) as client:
        sent = client.send("q", "x")
        assert isinstance(sent, dlq.Stored)
        worker = client.worker("q").start(handle)
        assert started.wait(20)
        worker.stop(0)
    [line] = [one.message for one in caplog.records if one.levelname == "WARNING"]
    assert re.fullmatch(
        r'dlq: the worker of queue "q" stops and cancels handlers that still run: '
        rf'message {sent.id} of queue "q", attempt 1, for \d+\.\d s; their messages are released; '
        "raise drain_timeout if handlers need longer",
        line,
    )


def test_an_outcome_that_can_not_be_reported_leaves_others_alone(fake: FakeServer) -> None:
    """The outcomes of handlers that end at the same time are taken together."""
    errors: list[tuple[str, str]] = []
    may_end = {"bad": threading.Event(), "good": threading.Event()}
    all_ended = threading.Event()

    def on_error(error: dlq.DlqClientError, delivery: dlq.Delivery | None) -> None:
        errors.append((delivery.text if delivery else "", str(error)))

    def handle(delivery: dlq.Delivery) -> dlq.Outcome | None:
        assert may_end[delivery.text].wait(20)
        return dlq.Outcome("succeeded", None) if delivery.text == "bad" else None  # type: ignore[arg-type]

    with dlq.Client(fake.target, spool=False) as client:
        for text in may_end:
            client.send("q", text)
        with client.worker("q", on_error=on_error).start(handle) as worker:
            core = worker._core
            assert core is not None
            until(lambda: len(core._running) == 2)
            client.engine.loop.call_soon_threadsafe(all_ended.wait, 20)
            for count, event in enumerate(may_end.values(), 1):
                event.set()
                until(lambda count=count: len(core._ended_runs) == count)
            all_ended.set()
            [good] = fake.wait_for("q", "SUCCEEDED")
            until(lambda: len(core._leases.held) == 0)  # it is delivered again when its lease ends
            assert core._running == {}
    assert good.payload.text == "good"
    [(text, error)] = errors
    assert text == "bad"
    assert "the message may be delivered again" in error


def test_an_asyncio_client_forgets_ended_workers(fake: FakeServer) -> None:
    async def run() -> list[object]:
        async with dlq.aio.Client(fake.target, spool=False) as client:
            worker = await client.worker("q").start(lambda _: None)
            await worker.stop()
            return list(client._workers)

    assert asyncio.run(run()) == []


def test_a_handler_that_is_cancelled_before_its_task_begins_has_ended() -> None:
    """For example if the program blocked its event loop meanwhile."""
    core = FakeCore()

    async def handle(_: object) -> None:
        raise AssertionError("it was cancelled")

    async def main() -> None:
        runner = TaskRunner(handle, asyncio.get_running_loop())
        runner.core = core  # type: ignore[assignment]
        run = new_run()
        runner.start(run)
        runner.cancel(run)
        for _ in range(4):
            await asyncio.sleep(0)
        assert runner._tasks == {}

    asyncio.run(main())
    [(returned, error)] = core.results
    assert returned is None
    assert isinstance(error, asyncio.CancelledError)
