"""The future of `send_soon`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, wait

import pytest
from conftest import until

import dlq
from dlq.testing import FakeServer


def test_a_wait_for_a_cancelled_send_ends() -> None:
    with dlq.Client("127.0.0.1:1", spool=False, on_dropped=lambda *_: None) as client:
        future = client.send_soon("q", "x")
        assert future.cancel()
        assert wait([future], timeout=0).not_done == set()
        assert future.cancel()
    with pytest.raises(CancelledError):
        future.result()


def call_back(client: dlq.Client, act: Callable[[Future[dlq.SendResult]], object]) -> None:
    """Sends `first`, and calls `act` when that has a result."""
    may_send = threading.Event()
    client.engine.loop.call_soon_threadsafe(may_send.wait, 20)
    client.send_soon("q", "first").add_done_callback(act)
    may_send.set()


@pytest.mark.parametrize(
    ("act", "sent"),
    [
        (lambda client: client.send("q", "second"), ["first", "second"]),
        (lambda client: client.send_soon("q", "second").result(20), ["first", "second"]),
        (lambda client: client.flush(), ["first"]),
        (lambda client: client.ping(), ["first"]),
        (lambda client: client.close(), ["first"]),
    ],
    ids=["send", "result", "flush", "ping", "close"],
)
def test_a_callback_that_waits_for_the_client_raises(
    fake: FakeServer, act: Callable[[dlq.Client], object], sent: list[str]
) -> None:
    """It would never end: it runs in the thread that sends. What it sends is sent."""
    client = dlq.Client(fake.target, spool=False)
    raised: Future[str] = Future()

    def waits(_: object) -> None:
        try:
            act(client)
        except RuntimeError as error:
            raised.set_result(str(error))

    call_back(client, waits)
    assert "call send_soon without waiting" in raised.result(20)
    client.close()
    assert [one.payload.text for one in fake.messages("q")] == sent


def test_a_callback_may_read_the_result_send_and_stop_a_worker(fake: FakeServer) -> None:
    def send_and_stop(sent: Future[dlq.SendResult]) -> None:
        client.send_soon("q", f"after {sent.result().status}")
        worker.stop()

    with dlq.Client(fake.target, spool=False) as client:
        worker = client.worker("other").start(lambda _: None)
        call_back(client, send_and_stop)
        worker.wait(20)
        until(lambda: len(fake.messages("q")) == 2)
    assert fake.messages("q")[1].payload.text == "after sent"
