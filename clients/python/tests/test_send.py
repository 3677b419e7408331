"""Sends, with a real server."""

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


def test_the_result_has_state_reason_queue_and_due_time(client: dlq.Client, queue: str) -> None:
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


def test_a_delay_whose_time_is_over_is_zero(client: dlq.Client, queue: str) -> None:
    assert client.send(queue, "x", "it broke", delay=-1).status == "sent"


def test_sends_with_one_dedup_key_become_one_message(client: dlq.Client, queue: str) -> None:
    first = client.send(queue, "a", ValueError("x"), dedup_key="k")
    second = client.send(queue, "a", ValueError("x"), dedup_key="k")
    assert isinstance(first, dlq.Stored)
    assert isinstance(second, dlq.Stored)
    assert (second.status, second.id) == ("joined", first.id)


def test_sends_with_one_request_id_become_one_message(client: dlq.Client, queue: str) -> None:
    for _ in range(2):
        assert client.send(queue, "a", request_id="r-" + queue).status == "sent"
    assert totals(client, queue).accepted == 1


def test_options_reach_the_worker(client: dlq.Client, queue: str) -> None:
    client.send(
        queue,
        b"\x00\xff",
        ValueError("x"),
        source_id="s",
        fingerprint="bank-down",
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
    assert delivery.latest_failure is not None
    assert delivery.latest_failure.fingerprint == "bank-down"
    assert delivery.origin is not None
    assert delivery.origin.service == "tests"
    assert dict(delivery.origin.coordinates) == {"topic": "t1"}
    assert delivery.trace_context is not None
    assert "a" * 32 in delivery.trace_context.traceparent


def test_a_thousand_concurrent_sends_are_stored(client: dlq.Client, queue: str) -> None:
    futures = [client.send_soon(queue, str(n)) for n in range(1_000)]
    assert {future.result(30).status for future in futures} == {"sent"}
    assert totals(client, queue).accepted == 1_000


def test_threads_share_a_client(client: dlq.Client, queue: str) -> None:
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
def test_an_invalid_send_is_dropped_without_an_exception(
    client: dlq.Client, queue: str, payload: object, options: dlq.SendOptions, kind: str
) -> None:
    result = client.send(queue, payload, ValueError("x"), **options)
    assert isinstance(result, dlq.Dropped)
    assert (result.error.kind, result.error.maybe_stored) == (kind, False)


def test_an_invalid_send_does_not_affect_others_in_its_batch(
    client: dlq.Client, queue: str
) -> None:
    futures = [client.send_soon("a/b" if n == 5 else queue, "x") for n in range(20)]
    assert [one.result(10).status for one in futures].count("dropped") == 1


def test_a_non_retryable_error_is_quarantined(client: dlq.Client, queue: str) -> None:
    sent = client.send(queue, "x", dlq.NonRetryableError("never"))
    assert isinstance(sent, dlq.Stored)
    assert (sent.state, sent.quarantine_reason) == ("QUARANTINED", "PRODUCER_REQUEST")


def test_retry_after_of_an_error_sets_the_due_time(client: dlq.Client, queue: str) -> None:
    sent = client.send(queue, "x", dlq.RetryAfterError("later", timedelta(minutes=10)))
    assert isinstance(sent, dlq.Stored)
    assert sent.due_time is not None
    assert 590 < (sent.due_time - datetime.now(timezone.utc)).total_seconds() < 605


def test_a_send_without_server_and_spool_is_dropped_at_its_deadline() -> None:
    reported: list[str] = []
    with dlq.Client(
        "127.0.0.1:1",
        spool=False,
        timeout=0.3,
        on_dropped=lambda error, queue: reported.append(queue),
    ) as client:
        result = client.send("q", "x", ValueError("x"))
        assert isinstance(result, dlq.Dropped)
        assert result.error.kind == "deadline"
        until(lambda: reported == ["q"])


def test_a_send_without_connection_is_known_to_be_not_stored() -> None:
    with dlq.Client("127.0.0.1:1", spool=False, timeout=0.3) as client:

        def is_known() -> bool:
            result = client.send("q", "x")
            return isinstance(result, dlq.Dropped) and not result.error.maybe_stored

        until(is_known)  # not at once: a send may time out while its call is open


def test_a_send_over_the_pending_limit_is_dropped_at_once() -> None:
    limits = dlq.Coalesce(max_pending_messages=2)
    with dlq.Client("127.0.0.1:1", spool=False, timeout=0.5, coalesce=limits) as client:
        futures = [client.send_soon("q", "x") for _ in range(3)]
        kinds = [one.result(5).error.kind for one in futures]  # type: ignore[union-attr]
        assert kinds == ["deadline", "deadline", "buffer-full"]


def test_a_message_larger_than_the_pending_limit_has_its_own_error() -> None:
    limits = dlq.Coalesce(max_pending_bytes=1_000)
    with dlq.Client("127.0.0.1:1", spool=False, coalesce=limits) as client:
        result = client.send("q", "x" * 1_000)
    assert isinstance(result, dlq.Dropped)
    assert result.error.kind == "buffer-full"
    assert "no more than 1000 may be pending" in str(result.error)
    assert "0 sends" not in str(result.error)


def test_aborted_and_closed_sends_have_the_last_call_error() -> None:
    dropped: list[dlq.DlqClientError] = []

    def on_dropped(error: dlq.DlqClientError, queue: str) -> None:
        dropped.append(error)

    client = dlq.Client("127.0.0.1:1", spool=False, timeout=60, on_dropped=on_dropped)
    cancelled, remaining = (client.send_soon("q", "x") for _ in range(2))
    pending = client.engine.sender.send_queue.sends
    until(lambda: len([one for one in list(pending) if one.last_error]) == 2)
    assert cancelled.cancel()
    until(lambda: len(dropped) == 1)
    client.close(0)
    assert remaining.done()
    until(lambda: len(dropped) == 2)
    assert [one.kind for one in dropped] == ["aborted", "closed"]
    for one in dropped:
        assert one.code == "UNAVAILABLE"
        assert "Connection refused" in str(one)


def test_a_closed_client_drops_sends(server: LocalServer, queue: str) -> None:
    client = dlq.Client(server.target, spool=False)
    client.close()
    client.close()
    client.flush()
    result = client.send(queue, "x")
    assert isinstance(result, dlq.Dropped)
    assert result.error.kind == "closed"


@pytest.mark.parametrize("was_used", [False, True])
def test_sends_after_close_are_reported_as_dropped(was_used: bool) -> None:
    reported: list[str] = []
    client = dlq.Client(
        "127.0.0.1:1",
        spool=False,
        timeout=0.1,
        on_dropped=lambda error, _: reported.append(error.kind),
    )
    if was_used:
        client.send("q", "x")
        until(lambda: reported == ["deadline"])
    client.close()
    client.send("q", "x")
    assert reported[-1:] == ["closed"]


def test_close_waits_for_pending_sends(server: LocalServer, queue: str) -> None:
    client = dlq.Client(server.target, spool=False)
    futures = [client.send_soon(queue, base64.b64encode(bytes(100))) for _ in range(500)]
    client.close()
    assert {one.result(0).status for one in futures} == {"sent"}


def test_asyncio_clients_send(server: LocalServer, queue: str) -> None:
    async def main() -> None:
        async with dlq.aio.Client(server.target, spool=False) as client:
            results = await asyncio.gather(*(client.send(queue, n) for n in range(300)))
            assert {one.status for one in results} == {"sent"}
            request = pb.StatsRequest(queues=[queue])
            assert (await client.stub().Stats(request)).queues[0].totals.accepted == 300

    asyncio.run(main())


def test_cancelling_the_task_aborts_the_send() -> None:
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


def test_invalid_settings_raise_at_construction() -> None:
    with pytest.raises(ValueError, match="target"):
        dlq.Client("ftp://x")
    with pytest.raises(ValueError, match="timeout"):
        dlq.Client(timeout=0)
