"""Batch handlers, against a real server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from conftest import until

import dlq
import dlq.aio
from dlq.testing import LocalServer
from dlq.v1 import dlq_service_pb2 as pb

LATER: dlq.RetryPolicy = {"initial_delay": 60}


class Work:
    """Sends messages, works until each has one outcome, and records what the worker reports."""

    def __init__(self, server: LocalServer, queue: str) -> None:
        self._target = server.target
        self._queue = queue
        self.settled: dict[str, dlq.SettledDelivery] = {}
        self.errors: list[dlq.DlqClientError] = []
        self.sizes: list[int] = []

    def outcomes(self) -> dict[str, str]:
        return {text: one.outcome for text, one in self.settled.items()}

    def run(
        self, handler: dlq.BatchHandler, payloads: Sequence[str] = "abc", **settings: Any
    ) -> None:
        def handle(deliveries: list[dlq.Delivery]) -> Any:
            self.sizes.append(len(deliveries))
            return handler(deliveries)

        with dlq.Client(self._target, spool=False) as client:
            for payload in payloads:
                client.send(self._queue, payload, delay=0, retry_policy=LATER)
            with client.worker(self._queue, **self._callbacks(), **settings).start_batches(handle):
                until(lambda: len(self.settled) == len(payloads))

    def run_asyncio(self, handler: dlq.aio.AsyncBatchHandler, payloads: Sequence[str]) -> None:
        async def main() -> None:
            async with dlq.aio.Client(self._target, spool=False) as client:
                for payload in payloads:
                    await client.send(self._queue, payload, delay=0, retry_policy=LATER)
                worker = client.worker(self._queue, **self._callbacks())
                async with await worker.start_batches(handler):
                    await asyncio.to_thread(until, lambda: len(self.settled) == len(payloads))

        asyncio.run(main())

    def _callbacks(self) -> Any:
        def on_settled(delivery: dlq.Delivery, settled: dlq.SettledDelivery) -> None:
            self.settled[delivery.text] = settled

        return {"on_settled": on_settled, "on_error": lambda error, _: self.errors.append(error)}


@pytest.fixture
def work(server: LocalServer, queue: str) -> Work:
    return Work(server, queue)


def test_it_gets_what_waits_up_to_its_size(work: Work) -> None:
    work.run(lambda _: None, "abcdefg", batch_size=3)
    assert set(work.outcomes().values()) == {"succeeded"}
    assert max(work.sizes) <= 3
    assert 3 <= len(work.sizes) < 7


def test_one_runs_at_a_time_and_others_collect_meanwhile(client: dlq.Client, queue: str) -> None:
    sizes: list[int] = []
    all_wait = threading.Event()

    def handle(deliveries: list[dlq.Delivery]) -> None:
        sizes.append(len(deliveries))
        assert all_wait.wait(20)

    with client.worker(queue).start_batches(handle) as worker:
        client.send(queue, "first", delay=0)
        until(lambda: sizes == [1])
        for number in range(5):
            client.send(queue, str(number), delay=0)
        core = worker._core
        until(lambda: core is not None and len(core._waiting) == 5)
        all_wait.set()
        until(lambda: len(sizes) == 2)
    assert sizes == [1, 5]


def decided(deliveries: list[dlq.Delivery]) -> list[dlq.Outcome | None]:
    outcomes = {"b": dlq.quarantine("b"), "c": dlq.fail("no")}
    return [outcomes.get(one.text) for one in deliveries]


async def decided_later(deliveries: list[dlq.Delivery]) -> list[dlq.Outcome | None]:
    await asyncio.sleep(0)
    return decided(deliveries)


def returns_coroutine(deliveries: list[dlq.Delivery]) -> Any:
    return decided_later(deliveries)


def test_it_decides_on_each_delivery(work: Work) -> None:
    work.run(decided)
    assert work.outcomes() == {"a": "succeeded", "b": "quarantined", "c": "failed"}


@pytest.mark.parametrize("handler", [decided, decided_later, returns_coroutine])
def test_it_may_be_async(work: Work, handler: dlq.aio.AsyncBatchHandler) -> None:
    work.run_asyncio(handler, "abc")
    assert work.outcomes() == {"a": "succeeded", "b": "quarantined", "c": "failed"}


def test_an_outcome_is_that_of_all(work: Work) -> None:
    work.run(lambda _: dlq.discard())
    assert work.outcomes() == dict.fromkeys("abc", "discarded")


def test_all_fail_if_it_raises_which_is_reported_once_a_batch(work: Work) -> None:
    def handle(_: list[dlq.Delivery]) -> None:
        raise KeyError("no stock")

    work.run(handle, "abcde")
    assert work.outcomes() == dict.fromkeys("abcde", "failed")
    assert isinstance(work.settled["a"].error, KeyError)
    assert [one.kind for one in work.errors] == ["handler-failed"] * len(work.sizes)
    assert isinstance(work.errors[0].__cause__, KeyError)


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (lambda _: [], "returned 0 outcomes for"),
        (lambda deliveries: [True for _ in deliveries], "returned a bool, which is no outcome"),
        (lambda _: "done", "returned a str, which is no outcome"),
        (returns_coroutine, "returned a coroutine, which is no outcome"),
    ],
)
def test_all_fail_if_it_returns_what_is_no_outcome(
    work: Work, handler: dlq.BatchHandler, words: str
) -> None:
    work.run(handler)
    assert work.outcomes() == dict.fromkeys("abc", "failed")
    assert words in str(work.errors[0].__cause__)


def test_the_send_of_one_of_its_messages_fails_that_delivery_only(
    client: dlq.Client, queue: str
) -> None:
    for source_id in ("one", "two"):
        client.send(queue, "x", delay=0, source_id=source_id, retry_policy=LATER)
    outcomes: dict[str, str] = {}

    def handle(_: list[dlq.Delivery]) -> None:
        client.send(queue, "x", ValueError("again"), source_id="two")

    def on_settled(delivery: dlq.Delivery, settled: dlq.SettledDelivery) -> None:
        outcomes[delivery.source_id] = settled.outcome

    with client.worker(queue, on_settled=on_settled).start_batches(handle):
        until(lambda: len(outcomes) == 2)
    assert outcomes == {"one": "succeeded", "two": "failed"}


def test_the_sends_of_equal_messages_fail_each_of_them(client: dlq.Client, queue: str) -> None:
    outcomes: list[str] = []

    def handle(deliveries: list[dlq.Delivery]) -> None:
        for delivery in deliveries:
            client.send(queue, delivery.text, ValueError("no stock"))

    for _ in range(3):
        client.send(queue, "same", delay=0, retry_policy=LATER)
    worker = client.worker(queue, on_settled=lambda _, settled: outcomes.append(settled.outcome))
    with worker.start_batches(handle):
        until(lambda: len(outcomes) == 3)
    assert outcomes == ["failed"] * 3


def test_a_stopping_worker_cancels_it_and_releases_all(server: LocalServer, queue: str) -> None:
    cancelled: list[set[str]] = []

    async def main() -> None:
        started = asyncio.Event()
        collected: set[str] = set()

        async def handle(deliveries: list[dlq.Delivery]) -> None:
            collected.update(one.text for one in deliveries)
            started.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                await asyncio.sleep(0)  # a second cancellation would end it here
                cancelled.append({one.text for one in deliveries if one.cancelled})
                raise

        async with dlq.aio.Client(server.target, spool=False) as client:
            for payload in "ab":
                await client.send(queue, payload, delay=0)
            settled: list[str] = []
            worker = client.worker(queue, on_settled=lambda _, one: settled.append(one.outcome))
            await worker.start_batches(handle)
            await started.wait()
            await worker.stop(timeout=0)
            assert cancelled == [collected]
            await asyncio.to_thread(until, lambda: settled == ["released"] * 2)

    asyncio.run(main())


@pytest.mark.parametrize("count", [1, 2])
def test_a_lost_lease_cancels_it_if_no_other_is_left(
    server: LocalServer, queue: str, count: int
) -> None:
    settled: list[str] = []
    cancelled: list[list[bool]] = []

    async def main() -> None:
        async with dlq.aio.Client(server.target, spool=False) as client:
            stub = client.stub()

            async def handle(deliveries: list[dlq.Delivery]) -> dlq.Outcome | None:
                first = deliveries[0]
                if len(deliveries) < count:
                    return dlq.release()  # they came one by one
                outcome = pb.Outcome(lease_token=first.lease_token, succeeded=pb.Succeeded())
                await stub.Ack(pb.AckRequest(request_id=first.id, outcomes=[outcome]))
                try:
                    while count == 1 or not first.cancelled:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                finally:
                    cancelled.append([one.cancelled for one in deliveries])
                return None

            await asyncio.gather(*(client.send(queue, str(n), delay=0) for n in range(count)))
            worker = client.worker(
                queue,
                lease_duration=1,
                on_settled=lambda _, one: settled.append(one.outcome),
                on_error=lambda *_: None,
            )
            async with await worker.start_batches(handle):
                await asyncio.to_thread(until, lambda: len(cancelled) == 1)

    asyncio.run(main())
    assert cancelled == [[True, False][:count]]
    assert [one for one in settled if one != "released"] == ["succeeded"] * (count - 1)


@pytest.mark.parametrize("size", [0, 1001])
def test_a_wrong_size_is_refused(client: dlq.Client, size: int) -> None:
    with pytest.raises(ValueError, match=f"batch_size is {size}; give 1 to 1000"):
        client.worker("q", batch_size=size)


def test_a_size_without_a_batch_handler_is_refused(client: dlq.Client) -> None:
    with pytest.raises(TypeError, match="batch_size is for batch handlers"):
        client.worker("q", batch_size=2).start(lambda _: None)
    with pytest.raises(TypeError, match="batch_size is for batch handlers"):
        asyncio.run(start_asyncio())


async def start_asyncio() -> None:
    async with dlq.aio.Client("localhost:1", spool=False) as client:
        await client.worker("q", batch_size=2).start(lambda _: None)
