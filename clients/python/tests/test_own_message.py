"""Sends of a handler's own message from other threads and tasks."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import queue
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from conftest import until

import dlq
import dlq.aio
from dlq._engine import current
from dlq._engine.handler_run import HandlerRun
from dlq.testing import FakeServer
from dlq.v1 import dlq_service_pb2 as pb
from dlq.v1.message_pb2 import Message, Payload

AGAIN = ValueError("again")


def test_a_delivery_that_another_thread_sends_fails(fake: FakeServer) -> None:
    results: list[dlq.SendResult] = []

    def handle(delivery: dlq.Delivery) -> None:
        with ThreadPoolExecutor(1) as pool:
            results.append(pool.submit(client.send, "q", delivery, AGAIN).result())

    with dlq.Client(fake.target, spool=False) as client:
        client.send("q", "x", max_retries=1)
        with client.worker("q").start(handle):
            [message] = fake.wait_for("q", "QUARANTINED")
    assert [one.status for one in results] == ["delivery"]
    assert message.failures[-1].message == "again"
    assert len(fake.messages("q")) == 1


def test_the_failure_of_an_own_message_has_its_fingerprint(fake: FakeServer) -> None:
    def handle(delivery: dlq.Delivery) -> None:
        client.send("q", delivery, AGAIN, fingerprint="bank-down")

    with dlq.Client(fake.target, spool=False) as client:
        client.send("q", "x", max_retries=1)
        with client.worker("q").start(handle):
            [message] = fake.wait_for("q", "QUARANTINED")
    failure = message.failures[-1]
    assert (failure.message, failure.fingerprint) == ("again", "bank-down")


def test_fail_sets_the_fingerprint(fake: FakeServer) -> None:
    with dlq.Client(fake.target, spool=False) as client:
        client.send("q", "x", max_retries=1)
        with client.worker("q").start(lambda _: dlq.fail(AGAIN, fingerprint="bank-down")):
            [message] = fake.wait_for("q", "QUARANTINED")
    failure = message.failures[-1]
    assert (failure.message, failure.fingerprint) == ("again", "bank-down")


def test_each_delivery_of_a_batch_that_another_thread_sends_fails(fake: FakeServer) -> None:
    def process(delivery: dlq.Delivery) -> None:
        if delivery.text == "bad":
            client.send("q", delivery, AGAIN)

    def handle(deliveries: list[dlq.Delivery]) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(process, deliveries))

    with dlq.Client(fake.target, spool=False) as client:
        for text in ("good", "bad"):
            client.send("q", text, max_retries=1)
        with client.worker("q").start_batches(handle):
            fake.wait_for("q", "SUCCEEDED")
            fake.wait_for("q", "QUARANTINED")
    assert len(fake.messages("q")) == 2


def test_a_delivery_fails_if_another_thread_forwards_it_and_that_is_dropped(
    fake: FakeServer,
) -> None:
    closed = dlq.Client(fake.target, spool=False)
    closed.close()

    async def main() -> None:
        async def handle(delivery: dlq.Delivery) -> None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, closed.send, "other", delivery)

        async with dlq.aio.Client(fake.target, spool=False) as client:
            await client.send("q", "x", max_retries=1)
            async with await client.worker("q").start(handle):
                await asyncio.to_thread(fake.wait_for, "q", "QUARANTINED")

    asyncio.run(main())


def test_a_delivery_fails_if_a_forwarding_that_its_handler_did_not_await_is_dropped(
    fake: FakeServer,
) -> None:
    def handle(delivery: dlq.Delivery) -> None:
        client.send_soon("no queue", delivery)

    with dlq.Client(fake.target, spool=False) as client:
        client.send("q", "x", max_retries=1)
        with client.worker("q").start(handle):
            [message] = fake.wait_for("q", "QUARANTINED")
    assert "is not a queue name" in message.failures[-1].message


def test_a_batch_waits_once_for_forwardings_that_end_in_order() -> None:
    """Once for each would read all of them each time, in the thread that sends."""
    run = HandlerRun([dlq.Delivery(pb.Delivery(), "", 0.0) for _ in range(3)])
    forwards: list[Future[dlq.SendResult]] = [Future() for _ in range(6)]
    for number, forward in enumerate(forwards):
        run.deliveries[number // 2]._forwards.append(forward)
    assert run.pending_forwarding() is forwards[-1]
    for forward in forwards[1:]:
        forward.set_result(dlq.Spooled(durable=True))
    assert run.pending_forwarding() is forwards[0]
    forwards[0].set_result(dlq.Spooled(durable=True))
    assert run.pending_forwarding() is None


def test_a_delivery_fails_if_one_of_two_forwardings_at_the_same_time_is_dropped() -> None:
    delivery = dlq.Delivery(pb.Delivery(), "", 0.0)
    dropped = dlq.Dropped(dlq.DlqClientError("refused", "no"))
    kept = dlq.Spooled(durable=True)
    for result in (dropped, kept):
        current.fail_forwarded(delivery, "other", result, None, None)
    failure = delivery._sent_outcome
    assert failure is not None
    current.fail_forwarded(delivery, "other", kept, None, failure)  # a later try
    assert delivery._sent_outcome is None


@pytest.mark.parametrize("to", ["q", "other"])
def test_the_log_names_a_message_that_is_sent_after_its_handler_and_dropped(
    fake: FakeServer, caplog: pytest.LogCaptureFixture, to: str
) -> None:
    """Its outcome is decided. Without the line, nothing says which message is lost."""
    left: list[dlq.Delivery] = []
    closed = dlq.Client(fake.target, spool=False, on_dropped=lambda error, queue: None)
    closed.close()
    with dlq.Client(fake.target, spool=False) as client:
        sent = client.send("q", "x")
        with client.worker("q").start(left.append):
            fake.wait_for("q", "SUCCEEDED")
        assert isinstance(sent, dlq.Stored)
        closed.send(to, left[0])
        closed.send(to, "another")
    assert [one.message for one in caplog.records] == [
        f'dlq: the send of message {sent.id} of queue "q" to queue "{to}" was dropped after the end of its handler: the '
        "message may be lost; await the send in the handler"
    ]


def test_a_drop_while_the_handler_ends_fails_the_delivery_or_is_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = dlq.Delivery(pb.Delivery(), "", 0.0)

    def fail_slowly(error: object) -> dlq.Outcome:
        delivery._end()
        return dlq.fail(error)

    monkeypatch.setattr(current, "fail", fail_slowly)
    dropped = dlq.Dropped(dlq.DlqClientError("closed", "no"))
    current.fail_forwarded(delivery, "other", dropped, None, None)
    assert delivery._sent_outcome is None
    assert "was dropped after the end of its handler" in caplog.text


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


def test_a_delivery_fails_if_a_forwarding_is_cancelled_after_its_handler(
    fake: FakeServer,
) -> None:
    sent: list[Future[dlq.SendResult]] = []

    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        dlq.Client(f"127.0.0.1:{silent.getsockname()[1]}", spool=False, try_timeout=1) as other,
        dlq.Client(fake.target, spool=False) as client,
    ):

        def handle(delivery: dlq.Delivery) -> None:
            sent.append(other.send_soon("other", delivery, timeout=60))

        client.send("q", "x", max_retries=1)
        with client.worker("q").start(handle):
            # One callback is the client's, the other one the worker's.
            until(lambda: bool(sent) and len(sent[0]._done_callbacks) == 2)
            assert sent[0].cancel()
            fake.wait_for("q", "QUARANTINED")


@pytest.fixture
def closed() -> dlq.Client:
    """Drops what it sends."""
    client = dlq.Client(spool=False, on_dropped=lambda error, queue: None)
    client.close()
    return client


def failed_of(
    closed: dlq.Client, messages: list[Message], handle: Callable[[list[dlq.Delivery]], object]
) -> list[bool]:
    """Returns for each delivery of a batch whether it fails by what its handler sends."""
    batch = [dlq.Delivery(pb.Delivery(message=one), closed._target, 0.0) for one in messages]

    def run() -> None:
        with HandlerRun(batch):
            handle(batch)

    contextvars.copy_context().run(run)
    return [one._sent_outcome is not None for one in batch]


def message(queue: str = "q", source_id: str = "") -> Message:
    return Message(queue=queue, source_id=source_id, payload=Payload(text="x"))


@pytest.mark.parametrize("to", ["q", "other"])
@pytest.mark.parametrize("give", [lambda one: one, lambda one: one.payload])
def test_of_equal_messages_the_one_that_is_sent_fails(
    closed: dlq.Client, to: str, give: Callable[[dlq.Delivery], object]
) -> None:
    def handle(batch: list[dlq.Delivery]) -> None:
        for _ in range(2):  # for instance by two functions with dead_letter
            closed.send(to, give(batch[1]))

    assert failed_of(closed, [message(), message()], handle) == [False, True]


def test_a_message_that_is_sent_to_the_queue_of_an_equal_one_is_forwarded(
    closed: dlq.Client,
) -> None:
    results: list[dlq.SendResult] = []

    def handle(batch: list[dlq.Delivery]) -> None:
        results.append(closed.send("other", batch[0]))

    assert failed_of(closed, [message(), message("other")], handle) == [True, False]
    assert [one.status for one in results] == ["dropped"]


def test_of_messages_with_the_same_payload_the_one_with_the_source_id_fails(
    closed: dlq.Client,
) -> None:
    def handle(_: object) -> None:
        closed.send("q", "x", source_id="2")

    assert failed_of(closed, [message(), message("q", "2")], handle) == [False, True]


@pytest.mark.parametrize("to", ["q", "other"])
@pytest.mark.parametrize(
    "give",
    [
        lambda batch: batch,
        set,
        lambda batch: [one.payload for one in batch],
        lambda batch: {"why": object(), "orders": {"failed": tuple(batch)}},
    ],
    ids=["list", "set", "payloads", "object"],
)
def test_deliveries_fail_if_what_holds_them_can_not_be_sent(
    closed: dlq.Client, to: str, give: Callable[[list[dlq.Delivery]], object]
) -> None:
    messages = [message(), message()]
    assert failed_of(closed, messages, lambda batch: closed.send(to, give(batch))) == [True, True]


@pytest.mark.parametrize("to", ["q", "other"])
def test_a_copy_of_a_delivery_is_the_delivery(closed: dlq.Client, to: str) -> None:
    def handle(batch: list[dlq.Delivery]) -> None:
        closed.send(to, copy.copy(batch[0]))

    assert failed_of(closed, [message()], handle) == [True]


@pytest.mark.parametrize("sender", ["callback", "handler"])
def test_a_delivery_that_others_forward_fails_if_that_is_dropped(
    fake: FakeServer, closed: dlq.Client, sender: str
) -> None:
    collected: queue.SimpleQueue[dlq.Delivery] = queue.SimpleQueue()
    sent = threading.Event()

    def forward() -> None:
        closed.send("other", collected.get(timeout=20))
        sent.set()

    def handle(delivery: dlq.Delivery) -> None:
        if delivery.text == "sender":
            return forward()
        collected.put(delivery)
        assert sent.wait(20)

    with dlq.Client(fake.target, spool=False) as client:
        client.send("q", "x", max_retries=1)
        with client.worker("q").start(handle):
            if sender == "handler":
                client.send("q", "sender")
                fake.wait_for("q", "SUCCEEDED")
            else:
                forward()
            fake.wait_for("q", "QUARANTINED")


@pytest.mark.parametrize("sender", ["callback", "handler"])
def test_a_delivery_that_others_forward_fails_in_asyncio_if_that_is_dropped(
    fake: FakeServer, sender: str
) -> None:
    async def main() -> None:
        collected: asyncio.Queue[dlq.Delivery] = asyncio.Queue()
        sent = asyncio.Event()
        closed = dlq.aio.Client(fake.target, spool=False)
        await closed.close()

        async def forward() -> None:
            await closed.send("other", await collected.get())
            sent.set()

        async def handle(delivery: dlq.Delivery) -> None:
            if delivery.text == "sender":
                return await forward()
            await collected.put(delivery)
            await sent.wait()

        async with dlq.aio.Client(fake.target, spool=False) as client:
            await client.send("q", "x", max_retries=1)
            async with await client.worker("q").start(handle):
                if sender == "handler":
                    await client.send("q", "sender")
                    await asyncio.to_thread(fake.wait_for, "q", "SUCCEEDED")
                else:
                    await forward()
                await asyncio.to_thread(fake.wait_for, "q", "QUARANTINED")

    asyncio.run(main())


def test_the_outcome_waits_for_what_the_callback_of_a_forwarding_forwards(
    fake: FakeServer,
) -> None:
    sent: list[Future[dlq.SendResult]] = []

    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        dlq.Client(f"127.0.0.1:{silent.getsockname()[1]}", spool=False, try_timeout=1) as other,
        dlq.Client(fake.target, spool=False) as client,
    ):

        def handle(delivery: dlq.Delivery) -> None:
            first = other.send_soon("other", delivery, timeout=60)
            first.add_done_callback(lambda _: client.send_soon("third", delivery))
            sent.append(first)

        client.send("q", "x", max_retries=1)
        with client.worker("q").start(handle):
            until(lambda: bool(sent) and len(sent[0]._done_callbacks) == 3)
            assert sent[0].cancel()
            fake.wait_for("q", "SUCCEEDED")  # the later send is kept
