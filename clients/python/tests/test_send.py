"""What a sender may rely on, with a real server."""

from __future__ import annotations

import asyncio
import base64
import threading
from datetime import datetime, timedelta, timezone

import pytest
from conftest import until

import dlq
import dlq.aio
from dlq.testing import LocalServer
from dlq.v1 import dlq_service_pb2 as pb


def totals(client: dlq.Client, queue: str) -> pb.QueueTotals:
    [stats] = client.stub.Stats(pb.StatsRequest(queues=[queue]), timeout=10).queues
    return stats.totals


def test_sent_says_what_became_of_it(client: dlq.Client, queue: str) -> None:
    sent = client.send(queue, {"a": 1}, TimeoutError("no answer"), delay=60)
    assert isinstance(sent, dlq.Stored)
    assert (sent.status, sent.state, sent.reason, sent.queue) == (
        "sent",
        "SCHEDULED",
        "TIMEOUT",
        queue,
    )
    assert sent.due_time is not None
    assert 50 < (sent.due_time - datetime.now(timezone.utc)).total_seconds() < 65


def test_two_sends_of_one_dedup_key_join(client: dlq.Client, queue: str) -> None:
    first = client.send(queue, "a", ValueError("x"), dedup_key="k")
    second = client.send(queue, "a", ValueError("x"), dedup_key="k")
    assert isinstance(first, dlq.Stored)
    assert isinstance(second, dlq.Stored)
    assert (second.status, second.id) == ("joined", first.id)


def test_the_same_request_id_is_one_message(client: dlq.Client, queue: str) -> None:
    for _ in range(2):
        assert client.send(queue, "a", request_id="r-" + queue).status == "sent"
    assert totals(client, queue).accepted == 1


def test_options_arrive(client: dlq.Client, queue: str) -> None:
    client.send(
        queue,
        b"\x00\xff",
        ValueError("x"),
        source_id="s",
        attributes={"tenant": "t"},
        content_type="application/x",
        due_time=datetime.now(timezone.utc) - timedelta(seconds=5),
        ttl=timedelta(hours=1),
        max_retries=7,
        retry_policy={"preset": "network", "max_delay": 5, "jitter": "full"},
        priority=3,
        ordering_key="o",
        coordinates={"topic": "t1"},
        trace_context={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"},
    )
    seen: list[dlq.Delivery] = []
    worker = client.worker(queue).start(seen.append)  # type: ignore[arg-type]
    until(lambda: bool(seen))
    worker.stop()
    [delivery] = seen
    assert delivery.bytes == b"\x00\xff"
    assert delivery.payload.content_type == "application/x"
    assert dict(delivery.attributes) == {"tenant": "t"}
    assert (delivery.source_id, delivery.priority, delivery.ordering_key) == ("s", 3, "o")
    assert delivery.origin is not None
    assert delivery.origin.service == "tests"
    assert dict(delivery.origin.coordinates) == {"topic": "t1"}
    assert delivery.trace_context is not None
    assert "a" * 32 in delivery.trace_context.traceparent


def test_sends_that_come_together_share_calls(client: dlq.Client, queue: str) -> None:
    futures = [client.send_soon(queue, str(n)) for n in range(1_000)]
    assert {future.result(30).status for future in futures} == {"sent"}
    assert totals(client, queue).accepted == 1_000


def test_many_threads_share_a_client(client: dlq.Client, queue: str) -> None:
    results: list[dlq.SendResult] = []

    def send() -> None:
        name = threading.get_ident()
        results.extend(client.send(queue, f"{name}-{n}") for n in range(20))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [one.status for one in results] == ["sent"] * 160


@pytest.mark.parametrize(
    ("queue", "payload", "options", "kind"),
    [
        ("a/b", "x", {}, "refused"),
        ("q", object(), {}, "invalid"),
        ("q", "x", {"delay": float("nan")}, "invalid"),
        ("q", "x", {"reason": "NO_SUCH"}, "invalid"),
        ("q", b"x" * (2 << 20), {}, "refused"),
    ],
)
def test_what_can_not_be_taken_is_dropped_and_nothing_raised(
    client: dlq.Client, queue: str, payload: object, options: dlq.SendOptions, kind: str
) -> None:
    result = client.send(queue, payload, ValueError("x"), **options)
    assert isinstance(result, dlq.Dropped)
    assert (result.error.kind, result.error.maybe_stored) == (kind, False)


def test_one_that_is_wrong_does_not_spoil_the_others(client: dlq.Client, queue: str) -> None:
    futures = [client.send_soon("a/b" if n == 5 else queue, "x") for n in range(20)]
    assert [one.result(10).status for one in futures].count("dropped") == 1


def test_an_error_that_can_not_be_retried_is_quarantined(client: dlq.Client, queue: str) -> None:
    sent = client.send(queue, "x", dlq.NonRetryableError("never"))
    assert isinstance(sent, dlq.Stored)
    assert (sent.state, sent.quarantine_reason) == ("QUARANTINED", "PRODUCER_REQUEST")


def test_an_error_that_says_when_is_retried_then(client: dlq.Client, queue: str) -> None:
    sent = client.send(queue, "x", dlq.RetryAfterError("later", timedelta(minutes=10)))
    assert isinstance(sent, dlq.Stored)
    assert sent.due_time is not None
    assert 590 < (sent.due_time - datetime.now(timezone.utc)).total_seconds() < 605


def test_without_a_server_and_spool_it_is_dropped_at_its_deadline() -> None:
    told: list[str] = []
    with dlq.Client(
        "127.0.0.1:1", spool=False, timeout=0.3, on_dropped=lambda error, queue: told.append(queue)
    ) as client:
        result = client.send("q", "x", ValueError("x"))
        assert isinstance(result, dlq.Dropped)
        assert result.error.kind == "deadline"
        until(lambda: told == ["q"])


def test_what_nobody_was_there_to_take_is_not_stored() -> None:
    with dlq.Client("127.0.0.1:1", spool=False, timeout=0.3) as client:

        def is_known() -> bool:
            result = client.send("q", "x")
            return isinstance(result, dlq.Dropped) and not result.error.maybe_stored

        until(is_known)  # not at once: while a try is under way, nobody knows


def test_too_much_that_is_pending_is_dropped_at_once() -> None:
    limits = dlq.Coalesce(max_pending_messages=2)
    with dlq.Client("127.0.0.1:1", spool=False, timeout=0.5, coalesce=limits) as client:
        futures = [client.send_soon("q", "x") for _ in range(3)]
        kinds = [one.result(5).error.kind for one in futures]  # type: ignore[union-attr]
        assert kinds == ["deadline", "deadline", "buffer-full"]


def test_what_is_larger_than_all_that_may_be_pending_says_so() -> None:
    limits = dlq.Coalesce(max_pending_bytes=1_000)
    with dlq.Client("127.0.0.1:1", spool=False, coalesce=limits) as client:
        result = client.send("q", "x" * 1_000)
    assert isinstance(result, dlq.Dropped)
    assert result.error.kind == "buffer-full"
    assert "no more than 1000 may be pending" in str(result.error)
    assert "0 sends" not in str(result.error)


def test_a_send_that_is_given_up_says_what_had_failed() -> None:
    dropped: list[dlq.DlqClientError] = []

    def keep(error: dlq.DlqClientError, queue: str) -> None:
        dropped.append(error)

    client = dlq.Client("127.0.0.1:1", spool=False, timeout=60, on_dropped=keep)
    given_up, left = (client.send_soon("q", "x") for _ in range(2))
    pending = client.engine.sender.book.pending
    until(lambda: len([one for one in list(pending) if one.last_error]) == 2)
    assert given_up.cancel()
    until(lambda: len(dropped) == 1)
    client.close(0)
    assert left.done()
    until(lambda: len(dropped) == 2)
    assert [one.kind for one in dropped] == ["aborted", "closed"]
    for one in dropped:
        assert one.code == "UNAVAILABLE"
        assert "Connection refused" in str(one)


def test_a_closed_client_drops(server: LocalServer, queue: str) -> None:
    client = dlq.Client(server.target, spool=False)
    client.close()
    client.close()
    client.flush()
    result = client.send(queue, "x")
    assert isinstance(result, dlq.Dropped)
    assert result.error.kind == "closed"


@pytest.mark.parametrize("was_used", [False, True])
def test_after_the_close_it_is_told_too(was_used: bool) -> None:
    told: list[str] = []
    client = dlq.Client(
        "127.0.0.1:1",
        spool=False,
        timeout=0.1,
        on_dropped=lambda error, _: told.append(error.kind),
    )
    if was_used:
        client.send("q", "x")
        until(lambda: told == ["deadline"])
    client.close()
    client.send("q", "x")
    assert told[-1:] == ["closed"]


def test_close_waits_for_what_is_pending(server: LocalServer, queue: str) -> None:
    client = dlq.Client(server.target, spool=False)
    futures = [client.send_soon(queue, base64.b64encode(bytes(100))) for _ in range(500)]
    client.close()
    assert {one.result(0).status for one in futures} == {"sent"}


def test_asyncio_sends(server: LocalServer, queue: str) -> None:
    async def main() -> None:
        async with dlq.aio.Client(server.target, spool=False) as client:
            results = await asyncio.gather(*(client.send(queue, n) for n in range(300)))
            assert {one.status for one in results} == {"sent"}
            request = pb.StatsRequest(queues=[queue])
            assert (await client.stub().Stats(request)).queues[0].totals.accepted == 300

    asyncio.run(main())


def test_cancelling_the_task_gives_a_send_up() -> None:
    dropped: list[str] = []

    async def main() -> None:
        client = dlq.aio.Client(
            "127.0.0.1:1", spool=False, on_dropped=lambda error, queue: dropped.append(error.kind)
        )
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.send("q", "x"), 0.2)
        await client.close()

    asyncio.run(main())
    until(lambda: dropped == ["aborted"])


def test_a_target_that_makes_no_sense_is_an_error_at_once() -> None:
    with pytest.raises(ValueError, match="target"):
        dlq.Client("ftp://x")
    with pytest.raises(ValueError, match="timeout"):
        dlq.Client(timeout=0)
