"""Workers with threads and with asyncio, with a real server."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest
from conftest import until

import dlq
import dlq.aio
from dlq.testing import LocalServer
from dlq.v1 import dlq_service_pb2 as pb

Handler = Callable[[dlq.Delivery], "dlq.Outcome | None"]


class WorkerHarness:
    """A client and a worker of one kind, which runs in the background."""

    def __init__(self, kind: str, target: str) -> None:
        self.kind = kind
        self.settled: list[dlq.SettledDelivery] = []
        self.errors: list[dlq.DlqClientError] = []
        self.client = dlq.Client(target, spool=False)
        self._aio = dlq.aio.Client(target, spool=False) if kind == "asyncio" else None
        self._stop: Callable[[float | None], None] = lambda timeout: None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def work(self, queue: str, handler: Handler, **settings: object) -> None:
        callbacks = {
            "on_settled": lambda delivery, settled: self.settled.append(settled),
            "on_error": lambda error, delivery: self.errors.append(error),
        }
        if self._aio is None:
            worker = self.client.worker(queue, **callbacks, **settings)  # type: ignore[arg-type]
            worker.start(handler)
            self._stop = worker.stop
            return
        aio_worker = self._aio.worker(queue, **callbacks, **settings)  # type: ignore[arg-type]

        async def handle(delivery: dlq.Delivery) -> dlq.Outcome | None:
            return handler(delivery)

        self._await(aio_worker.start(handle))
        self._stop = lambda timeout: self._await(aio_worker.stop(timeout))

    def stop(self, timeout: float | None = None) -> None:
        self._stop(timeout)

    def close(self) -> None:
        self.client.close()
        if self._aio is not None:
            self._await(self._aio.close())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def stats(self, queue: str) -> pb.QueueStats:
        return self.client.stub.Stats(pb.StatsRequest(queues=[queue]), timeout=10).queues[0]

    def _await(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(60)  # type: ignore[arg-type]


@pytest.fixture(params=["threads", "asyncio"])
def harness(request: pytest.FixtureRequest, server: LocalServer) -> object:
    found = WorkerHarness(request.param, server.target)
    yield found
    found.close()


def test_a_message_is_retried_after_an_exception_and_removed_after_a_return(
    harness: WorkerHarness, queue: str
) -> None:
    harness.client.send(queue, "x", ValueError("first"), delay=0)
    seen: list[tuple[int, str]] = []

    def handle(delivery: dlq.Delivery) -> None:
        assert delivery.latest_failure is not None
        seen.append((delivery.attempt, delivery.latest_failure.message))
        if delivery.attempt == 1:
            raise dlq.RetryAfterError("second", 0)

    harness.work(queue, handle)
    until(lambda: len(harness.settled) == 2)
    harness.stop()
    assert seen == [(1, "first"), (2, "second")]
    assert [(one.outcome, one.state) for one in harness.settled] == [
        ("failed", "SCHEDULED"),
        ("succeeded", "SUCCEEDED"),
    ]


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (dlq.release(60), "SCHEDULED"),
        (dlq.quarantine("odd"), "QUARANTINED"),
        (dlq.discard("old"), "DISCARDED"),
        (dlq.fail("no", non_retryable=True), "QUARANTINED"),
        (dlq.fail(TimeoutError("no"), retry_after=60), "SCHEDULED"),
    ],
)
def test_a_returned_outcome_is_applied(
    harness: WorkerHarness, queue: str, outcome: dlq.Outcome, state: str
) -> None:
    harness.client.send(queue, "x", delay=0)
    harness.work(queue, lambda _: outcome)
    until(lambda: len(harness.settled) == 1)
    assert (harness.settled[0].outcome, harness.settled[0].state) == (outcome.kind, state)


def test_sending_the_same_message_in_its_handler_fails_the_delivery(
    server: LocalServer, queue: str
) -> None:
    with dlq.Client(server.target, spool=False) as client:
        client.send(queue, {"a": 1}, delay=0)
        results: list[dlq.SendResult] = []
        worker = client.worker(queue).start(
            lambda delivery: results.append(client.send(queue, {"a": 1}, ValueError("again")))
        )
        until(lambda: bool(results))
        worker.stop()
        [stats] = client.stub.Stats(pb.StatsRequest(queues=[queue])).queues
        assert results[0].status == "delivery"
        assert (stats.totals.accepted, stats.totals.failed_attempts) == (1, 1)


def test_a_worker_holds_at_most_concurrency_plus_prefetch(server: LocalServer, queue: str) -> None:
    harness = WorkerHarness("threads", server.target)
    for n in range(10):
        harness.client.send(queue, str(n), delay=0)
    go = threading.Event()
    lock = threading.Lock()
    running: set[str] = set()
    most = 0

    def handle(delivery: dlq.Delivery) -> None:
        nonlocal most
        with lock:
            running.add(delivery.id)
            most = max(most, len(running))
        go.wait(20)
        with lock:
            running.discard(delivery.id)

    harness.work(queue, handle, concurrency=2, prefetch=1)
    until(lambda: len(running) == 2 and harness.stats(queue).in_flight == 3)
    go.set()
    until(lambda: harness.stats(queue).totals.succeeded == 10)
    assert most == 2
    harness.close()


def test_leases_are_extended_while_a_handler_blocks(harness: WorkerHarness, queue: str) -> None:
    """Also if it blocks the program's event loop."""
    harness.client.send(queue, "x", delay=0)
    numbers: list[int] = []

    def handle(delivery: dlq.Delivery) -> None:
        numbers.append(delivery.delivery_number)
        time.sleep(2.5)  # longer than two leases

    harness.work(queue, handle, lease_duration=1)
    until(lambda: len(harness.settled) == 1)
    assert numbers == [1]
    assert harness.settled[0].state == "SUCCEEDED"


def test_stop_waits_for_handlers_and_releases_the_rest(harness: WorkerHarness, queue: str) -> None:
    for n in range(6):
        harness.client.send(queue, str(n), delay=0)
    started = threading.Event()

    def handle(_: dlq.Delivery) -> None:
        started.set()
        time.sleep(0.3)

    harness.work(queue, handle, concurrency=1, prefetch=5)
    assert started.wait(20)
    harness.stop()
    stats = harness.stats(queue)
    assert stats.in_flight == 0
    assert stats.totals.succeeded >= 1
    assert stats.totals.succeeded + stats.scheduled == 6
    assert stats.totals.failed_attempts == 0


def test_stop_cancels_handlers_after_the_timeout(server: LocalServer, queue: str) -> None:
    cancelled: list[bool] = []

    async def main() -> pb.QueueStats:
        async with dlq.aio.Client(server.target, spool=False) as client:
            await client.send(queue, "x", delay=0)
            started = asyncio.Event()

            async def handle(_: dlq.Delivery) -> None:
                started.set()
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    cancelled.append(True)
                    raise

            worker = await client.worker(queue).start(handle)
            await started.wait()
            await worker.stop(timeout=0)
            return (await client.stub().Stats(pb.StatsRequest(queues=[queue]))).queues[0]

    stats = asyncio.run(main())
    assert cancelled == [True]
    assert (stats.in_flight, stats.scheduled, stats.totals.failed_attempts) == (0, 1, 0)


def test_stop_sets_cancelled_for_handlers_in_threads(server: LocalServer, queue: str) -> None:
    with dlq.Client(server.target, spool=False) as client:
        client.send(queue, "x", delay=0)
        started = threading.Event()

        def handle(delivery: dlq.Delivery) -> None:
            started.set()
            assert delivery.wait_cancelled(20)
            raise RuntimeError("given up")

        errors: list[str] = []
        worker = client.worker(queue, on_error=lambda error, _: errors.append(error.kind))
        worker.start(handle)
        assert started.wait(20)
        worker.stop(timeout=0)
        assert errors == []  # a cancelled handler has not failed
        [stats] = client.stub.Stats(pb.StatsRequest(queues=[queue])).queues
        assert (stats.in_flight, stats.totals.failed_attempts) == (0, 0)


def test_a_worker_continues_after_the_server_was_killed(queue: str) -> None:
    from dlq.testing import local_server

    with local_server() as server, dlq.Client(server.target, spool=False, timeout=30) as client:
        seen: list[str] = []
        errors: list[str] = []
        release = threading.Event()

        def handle(delivery: dlq.Delivery) -> None:
            seen.append(delivery.text)
            if delivery.text == "a":
                release.wait(60)

        worker = client.worker(queue, on_error=lambda error, _: errors.append(error.kind))
        worker.start(handle)
        client.send(queue, "a", delay=0)
        until(lambda: seen == ["a"])
        server.kill()
        until(lambda: "connection" in errors)
        server.start()
        client.send(queue, "b", delay=0)
        until(lambda: "b" in seen, timeout=60)
        release.set()
        until(
            lambda: (
                client.stub.Stats(pb.StatsRequest(queues=[queue])).queues[0].totals.succeeded == 2
            )
        )
        worker.stop()
        assert seen == ["a", "b"]


def test_a_finally_refused_stream_ends_the_worker(server: LocalServer) -> None:
    with dlq.Client(server.target, spool=False) as client:
        with pytest.raises(dlq.DlqClientError) as caught:
            client.worker("a/b").run(lambda _: None)
        assert caught.value.kind == "refused"


def test_the_sync_client_refuses_a_coroutine_function(server: LocalServer) -> None:
    async def handle(_: dlq.Delivery) -> None: ...

    with (
        dlq.Client(server.target, spool=False) as client,
        pytest.raises(TypeError, match=r"dlq\.aio"),
    ):
        client.worker("q").run(handle)  # type: ignore[arg-type]
