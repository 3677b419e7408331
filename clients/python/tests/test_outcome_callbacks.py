"""Outcome callbacks of a client."""

from __future__ import annotations

import asyncio
import queue as queues
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from conftest import until
from test_package import example
from watch_server import ACCEPTED_MS, WatchServer, watch_server

import dlq
import dlq.aio
from dlq._core import followed_messages
from dlq._engine import outcome_watch, outcome_watches
from dlq.testing import FakeServer, LocalServer
from dlq.v1 import dlq_service_pb2 as pb

Outcomes = queues.Queue[dlq.OutcomeEvent]


@pytest.fixture
def watched() -> Iterator[WatchServer]:
    with watch_server() as found:
        yield found


@pytest.fixture(autouse=True)
def _reconnect_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome_watch, "_FIRST_BACKOFF_S", 0.01)


def sent(client: dlq.Client, queue: str, **options: str) -> str:
    result = client.send(queue, "x", **options)  # type: ignore[arg-type]
    assert isinstance(result, dlq.Stored)
    return result.id


def test_an_event_says_what_became_of_the_message(server: LocalServer, queue: str) -> None:
    got: Outcomes = queues.Queue()
    with dlq.Client(
        server.target, spool=False, on_failed=got.put, on_quarantined=got.put
    ) as client:
        result = client.send(queue, "x", delay=0, source_id="order-7", max_retries=2)
        assert isinstance(result, dlq.Stored)
        with client.worker(queue).start(lambda _: dlq.fail(TimeoutError("late"), retry_after=0)):
            first, second, last = (got.get(timeout=20) for _ in range(3))
    assert (first.id, first.queue, first.source_id) == (result.id, queue, "order-7")
    assert (first.attempts, first.reason, first.quarantine_reason) == (1, "TIMEOUT", None)
    assert first.due_time is not None
    assert second.due_time is None, "no attempt is planned"
    assert (last.attempts, last.quarantine_reason) == (2, "RETRIES_EXHAUSTED")
    assert first.time <= second.time <= last.time


def test_messages_of_batches_and_of_dlq_aio_are_followed(server: LocalServer, queue: str) -> None:
    got: Outcomes = queues.Queue()

    async def run() -> set[str]:
        async with dlq.aio.Client(server.target, spool=False, on_succeeded=got.put) as client:
            sends = [client.send(queue, f"{number}", delay=0) for number in range(50)]
            results = await asyncio.gather(*sends)
            async with await client.worker(queue).start(lambda _: None):
                ids = {(await asyncio.to_thread(got.get, timeout=20)).id for _ in results}
            assert ids == {one.id for one in results if isinstance(one, dlq.Stored)}
            return ids

    assert len(asyncio.run(run())) == 50


def test_a_message_that_a_send_joins_is_followed(server: LocalServer, queue: str) -> None:
    got: Outcomes = queues.Queue()
    with dlq.Client(server.target, spool=False) as other:
        earlier = sent(other, queue, dedup_key="k")
        with dlq.Client(server.target, spool=False, on_succeeded=got.put) as client:
            assert sent(client, queue, dedup_key="k", source_id="order-7") == earlier
            other.stub.Retry(pb.RetryRequest(queue=queue, ids=[earlier]), timeout=10)
            with other.worker(queue).start(lambda _: None):
                found = got.get(timeout=20)
    assert (found.id, found.source_id) == (earlier, "order-7")


def test_the_watch_begins_one_second_before_the_oldest_message(watched: WatchServer) -> None:
    with dlq.Client(watched.target, spool=False, on_failed=print) as client:
        client.send("q", "x")
        request = watched.requests.get(timeout=20)
    assert list(request.queues) == ["q"]
    assert request.start_time.ToMilliseconds() == ACCEPTED_MS - 1_000


def test_without_callbacks_nothing_is_watched(watched: WatchServer) -> None:
    with dlq.Client(watched.target, spool=False) as client:
        client.send("q", "x")
        assert client.engine.outcome_watches is None
    assert watched.requests.empty()


def test_after_a_break_the_watch_resumes_without_repeats(
    watched: WatchServer, caplog: pytest.LogCaptureFixture
) -> None:
    got: Outcomes = queues.Queue()
    with dlq.Client(watched.target, spool=False, on_failed=got.put, on_succeeded=got.put) as client:
        id = sent(client, "q")
        failed = watched.event("RETRY_FAILED", id, "q")
        watched.say(failed, token="place")
        for _ in range(2):
            watched.fail(grpc.StatusCode.UNAVAILABLE)
        watched.say(failed, watched.success(id, "q"))
        assert got.get(timeout=20).time == got.get(timeout=20).time
        tokens = [watched.requests.get(timeout=20).resume_token for _ in range(3)]
        assert tokens == ["", "place", "place"]
    assert got.empty()
    [line] = [one.getMessage() for one in caplog.records if "wait" in one.getMessage()]
    assert line.startswith('dlq: outcome callbacks of queue "q" wait: as the test says; ')
    assert line.endswith("; retrying")


def test_a_resume_token_that_is_refused_is_not_used_again(watched: WatchServer) -> None:
    got: Outcomes = queues.Queue()
    with dlq.Client(watched.target, spool=False, on_failed=got.put) as client:
        id = sent(client, "q")
        watched.say(watched.event("RETRY_FAILED", id, "q"), token="place")
        watched.fail(grpc.StatusCode.UNAVAILABLE)
        watched.fail(grpc.StatusCode.INVALID_ARGUMENT)
        watched.say(watched.event("RETRY_FAILED", id, "q"))
        for _ in range(2):
            got.get(timeout=20)
        tokens = [watched.requests.get(timeout=20).resume_token for _ in range(3)]
    assert tokens == ["", "place", ""]


def test_an_older_server_is_logged_once(
    watched: WatchServer, caplog: pytest.LogCaptureFixture
) -> None:
    with dlq.Client(watched.target, spool=False, on_failed=print) as client:
        for _ in range(3):
            watched.fail(grpc.StatusCode.UNIMPLEMENTED)
        client.send("q", "x")
        for _ in range(3):
            watched.requests.get(timeout=20)
    line = "outcome callbacks are not called: the server has no WatchEvents; upgrade it"
    assert caplog.text.count(line) == 1


def test_a_gap_is_logged(watched: WatchServer, caplog: pytest.LogCaptureFixture) -> None:
    got: Outcomes = queues.Queue()
    with dlq.Client(watched.target, spool=False, on_failed=got.put) as client:
        id = sent(client, "q")
        for _ in range(2):
            watched.say(watched.event("RETRY_FAILED", id, "q"), missed=7, undone=2)
            got.get(timeout=20)
    line = (
        'outcome callbacks of queue "q" may be missing: up to 7 state changes were removed before they were read, '
        "and the store lost up to 2; read the messages for their state"
    )
    assert caplog.text.count(line) == 1, "once a minute"


def test_a_message_is_followed_in_the_queue_that_it_moved_to(watched: WatchServer) -> None:
    got: Outcomes = queues.Queue()
    with dlq.Client(watched.target, spool=False, on_succeeded=got.put) as client:
        id = sent(client, "q", source_id="order-7")
        assert watched.requests.get(timeout=20).queues == ["q"]
        watched.say(watched.event("MOVED_AWAY", id, "q", other_queue="r"))
        assert watched.requests.get(timeout=20).queues == ["r"]
        watched.say(watched.success(id, "r"))
        found = got.get(timeout=20)
    assert (found.queue, found.source_id) == ("r", "order-7")


def test_above_the_limit_the_oldest_message_is_not_followed(
    watched: WatchServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed_messages, "MAX_FOLLOWED", 2)
    got: Outcomes = queues.Queue()
    with dlq.Client(watched.target, spool=False, on_succeeded=got.put) as client:
        ids = [sent(client, "q") for _ in range(4)]
        watched.say(*(watched.success(id, "q") for id in ids))
        assert [got.get(timeout=20).id for _ in range(2)] == ids[2:]
    assert got.empty()
    line = (
        "outcome callbacks are not called for the oldest of more than 10000 followed messages; "
        "use events in NATS"
    )
    assert caplog.text.count(line) == 1


def test_a_slow_callback_delays_its_own_queue_only(fake: FakeServer) -> None:
    may_end = threading.Event()
    got: Outcomes = queues.Queue()

    def on_succeeded(event: dlq.OutcomeEvent) -> None:
        if event.queue == "slow":
            may_end.wait(20)
        got.put(event)

    with (
        dlq.Client(fake.target, spool=False, on_succeeded=on_succeeded) as client,
        client.worker(["slow", "fast"], concurrency=1).start(lambda _: None),
    ):
        slow = [sent(client, "slow") for _ in range(2)]
        fast = sent(client, "fast")
        assert got.get(timeout=20).id == fast
        may_end.set()
        assert [got.get(timeout=20).id for _ in slow] == slow


def test_a_watch_ends_when_nothing_is_followed(
    watched: WatchServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome_watches, "_IDLE_S", 0.01)
    got: Outcomes = queues.Queue()
    with dlq.Client(watched.target, spool=False, on_succeeded=got.put) as client:
        for _ in range(2):
            id = sent(client, "q")
            assert watched.requests.get(timeout=20).resume_token == ""
            assert not watched.ended.acquire(timeout=0.1), "a message is followed"
            watched.say(watched.success(id, "q"), token="place")
            assert got.get(timeout=20).id == id
            assert watched.ended.acquire(timeout=20)


def test_a_callback_that_raises_is_logged(
    fake: FakeServer, caplog: pytest.LogCaptureFixture
) -> None:
    got: Outcomes = queues.Queue()

    def on_succeeded(event: dlq.OutcomeEvent) -> None:
        got.put(event)
        raise ValueError("no such order")

    with (
        dlq.Client(fake.target, spool=False, on_succeeded=on_succeeded) as client,
        client.worker("q", concurrency=1).start(lambda _: None),
    ):
        ids = [sent(client, "q") for _ in range(2)]
        assert [got.get(timeout=20).id for _ in ids] == ids
    for id in ids:
        line = f'dlq: on_succeeded failed for message {id} of queue "q"; the event is not repeated'
        assert line in caplog.messages
    assert "no such order" in caplog.text


def test_close_waits_for_the_running_callback_and_calls_no_other(watched: WatchServer) -> None:
    in_callback, may_end = threading.Event(), threading.Event()
    ended: list[str] = []

    def on_succeeded(event: dlq.OutcomeEvent) -> None:
        in_callback.set()
        may_end.wait(20)
        ended.append(event.id)

    client = dlq.Client(watched.target, spool=False, on_succeeded=on_succeeded)
    ids = [sent(client, "q") for _ in range(2)]
    watched.say(*(watched.success(id, "q") for id in ids))
    in_callback.wait(20)
    with ThreadPoolExecutor(1) as pool:
        closing = pool.submit(client.close)
        until(lambda: client.engine.outcome_watches._is_closed)  # type: ignore[union-attr]
        assert not closing.done()
        may_end.set()
        closing.result(20)
    assert ended == ids[:1]


def test_close_does_not_wait_for_a_callback_that_hangs(
    watched: WatchServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome_watch, "_MAX_CALLBACK_S", 0.05)
    in_callback, may_end = threading.Event(), threading.Event()

    def on_succeeded(event: dlq.OutcomeEvent) -> None:
        in_callback.set()
        may_end.wait(60)

    client = dlq.Client(watched.target, spool=False, on_succeeded=on_succeeded)
    watched.say(watched.success(sent(client, "q"), "q"))
    in_callback.wait(20)
    client.close()
    assert not may_end.is_set()
    may_end.set()


def test_a_callback_may_send_and_close(fake: FakeServer) -> None:
    closed = threading.Event()

    def on_succeeded(event: dlq.OutcomeEvent) -> None:
        assert client.send("next", event.id).status == "sent"
        worker.stop()
        client.close()
        closed.set()

    client = dlq.Client(fake.target, spool=False, on_succeeded=on_succeeded)
    worker = client.worker("q").start(lambda _: None)
    id = sent(client, "q")
    assert closed.wait(4), "before the 5 s that close waits for a callback"
    assert [one.payload.text for one in fake.messages("next")] == [id]


@pytest.mark.parametrize(
    ("outcome", "printed"),
    [
        (dlq.fail(TimeoutError()), "order-17 is RETRIES_EXHAUSTED after 1 failed attempts\n"),
        (None, "order-17 is processed after 0 failed attempts\n"),
    ],
)
def test_the_example_of_the_readme_ends_with_the_outcome(
    outcome: Any, printed: str, fake: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        dlq.Client(fake.target, spool=False) as client,
        client.worker("orders").start(lambda _: outcome),
    ):
        exec(example("callbacks", fake.target), {})
    assert capsys.readouterr().out == printed


def test_coroutine_functions_are_refused() -> None:
    async def on_failed(event: dlq.OutcomeEvent) -> None: ...

    with pytest.raises(TypeError, match="on_failed is a coroutine function"):
        dlq.aio.Client(on_failed=on_failed)


def test_the_events_of_a_life_are_those_of_a_server(
    fake: FakeServer, server: LocalServer, queue: str
) -> None:
    assert _life(fake.target, queue) == _life(server.target, queue)


def _life(target: str, queue: str) -> list[tuple[int, int, int, int]]:
    """Returns type, state, attempts and quarantine reason of each event about messages, not groups."""
    outcomes = iter([dlq.fail(TimeoutError("x"), retry_after=0), dlq.quarantine()])
    with dlq.Client(target, spool=False) as client:
        request = pb.WatchEventsRequest(queues=[queue], types=range(1, 7))
        watch = client.stub.WatchEvents(request, timeout=30)
        next(watch)
        with client.worker(queue).start(lambda _: next(outcomes, None)):
            first = client.send(queue, "x", delay=0)
            assert isinstance(first, dlq.Stored)
            found: list[tuple[int, int, int, int]] = []
            for response in watch:
                found += [
                    (one.type, one.state, one.retry_count, one.quarantine_reason)
                    for one in response.events
                ]
                if len(found) == 5:
                    watch.cancel()
                    return found
    raise AssertionError(found)
