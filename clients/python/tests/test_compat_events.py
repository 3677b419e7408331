"""Events of `dlq.compat`, with a real server and a real nats-server."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import nats
import pytest
from nats_support import nats_server, subscriber

import dlq.aio
from dlq.compat import ActionDLQHandler, DLQConfig, DLQHandler, DLQReason, RetryPolicy
from dlq.testing import FakeServer, LocalServer

NOW = RetryPolicy(initial_delay=0, max_delay=0, jitter=False)
ORDER = {"id": 7}


@pytest.fixture(scope="module")
def nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with nats_server(tmp_path_factory.mktemp("nats")) as url:
        yield url


async def run_program(name: str, *arguments: str) -> str:
    path = Path(__file__).with_name(name)
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        path,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await program.communicate()
    assert program.returncode == 0, err.decode()
    return out.decode()


def without_time(event: dict[str, Any]) -> dict[str, Any]:
    """Checks the timestamp, and returns the rest without the id."""
    age = datetime.now(timezone.utc) - datetime.fromisoformat(event["timestamp"])
    assert timedelta(0) <= age < timedelta(minutes=5)
    return {key: value for key, value in event.items() if key not in ("timestamp", "event_id")}


def test_the_basic_example_publishes_its_events(server: LocalServer, nats_url: str) -> None:
    async def run() -> None:
        async with subscriber(nats_url) as seen:
            output = await run_program("compat_events_program.py", server.target, nats_url)
            assert output.splitlines() == ["processed order-17", "success: True"]
            [(added_to, added), (succeeded_to, succeeded)] = await seen.next(2)
            assert added_to == "dlq.orders.message_added"
            assert succeeded_to == "dlq.orders.retry_success"
            assert list(added) == [
                *("message_id", "reason", "retry_count", "queue_name", "timestamp", "event_type"),
                "event_id",
            ]
            assert without_time(added) == {
                "message_id": succeeded["message_id"],
                "reason": "validation_failed",
                "retry_count": 0,
                "queue_name": "orders",
                "event_type": "message_added",
            }
            assert succeeded["event_type"] == "retry_success"

    asyncio.run(run())


def test_the_action_example_publishes_its_event(server: LocalServer, nats_url: str) -> None:
    async def run() -> None:
        async with subscriber(nats_url) as seen:
            output = await run_program("compat_action_program.py", server.target, nats_url)
            [(topic, event)] = await seen.next(1)
            assert topic == "action_dlq.action_execution.message_added"
            assert list(event) == [
                *("message_id", "reason", "retry_count", "queue_name", "action_type_id"),
                *("object_ids", "timestamp", "event_type", "event_id"),
            ]
            assert without_time(event) == {
                "message_id": output.strip(),
                "reason": "webhook_failed",
                "retry_count": 0,
                "queue_name": "action_execution",
                "action_type_id": "update_user",
                "object_ids": ["user123"],
                "event_type": "message_added",
            }

    asyncio.run(run())


def test_each_event_has_an_id_by_which_a_stream_drops_repeats(
    fake: FakeServer, nats_url: str, queue: str
) -> None:
    async def run() -> None:
        bus = await nats.connect(nats_url)
        events = await bus.subscribe(f"dlq.{queue}.*")
        async with DLQHandler(fake.target, DLQConfig("shop"), bus) as old:
            for _ in range(2):
                await old.send_to_dlq(queue, ORDER)
        published = [await events.next_msg(30) for _ in range(2)]
        ids = [json.loads(event.data)["event_id"] for event in published]
        assert [event.headers for event in published] == [{"Nats-Msg-Id": one} for one in ids]
        assert len(set(ids)) == 2
        await bus.close()

    asyncio.run(run())


def test_a_client_of_nats_py_without_headers_gets_none(
    fake: FakeServer, nats_url: str, queue: str
) -> None:
    class OldClient(nats.NATS):
        async def publish(self, subject: str, payload: bytes) -> None:  # type: ignore[override]
            await super().publish(subject, payload)

    async def run() -> None:
        bus = OldClient()
        await bus.connect(nats_url)
        events = await bus.subscribe(f"dlq.{queue}.*")
        async with DLQHandler(fake.target, DLQConfig("shop"), bus) as old:
            await old.send_to_dlq(queue, ORDER)
        event = await events.next_msg(30)
        assert json.loads(event.data)["event_id"]
        assert event.headers is None
        await bus.close()

    asyncio.run(run())


class DictClient:
    """Publishes dicts, as the client that the old package was used with."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.published: list[tuple[str, dict[str, Any]]] = []
        self.error = error

    async def publish(self, topic: str, event: dict[str, Any]) -> None:
        if self.error is not None:
            raise self.error
        self.published.append((topic, event))

    @property
    def topics(self) -> list[str]:
        return [topic for topic, _ in self.published]


def test_failed_attempts_are_published_until_the_message_is_poison(
    server: LocalServer, queue: str
) -> None:
    bus = DictClient()

    async def run() -> None:
        client = dlq.aio.Client(server.target, spool=False)
        config = DLQConfig("shop", max_retries=2, retry_policy=NOW)
        async with client, DLQHandler(client, config, bus) as old:
            old.register_handler(queue, lambda message: 1 / 0)
            message_id = await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, "late")
            while len(bus.published) < 5:
                assert await old.retry_message(queue, message_id) is False

    asyncio.run(asyncio.wait_for(run(), 60))
    endings = ["message_added", "retry_failed", "retry_scheduled", "retry_failed", "poison"]
    assert bus.topics == [f"dlq.{queue}.{ending}" for ending in endings]
    assert [event["retry_count"] for _, event in bus.published] == [0, 1, 1, 2, 2]
    assert [event["event_type"] for _, event in bus.published][-1] == "moved_to_poison"
    assert {event["reason"] for _, event in bus.published[:2]} == {"timeout"}
    assert len({event["event_id"] for _, event in bus.published}) == 5


def test_a_send_that_goes_to_quarantine_is_published_as_poison(
    server: LocalServer, queue: str
) -> None:
    bus = DictClient()

    async def run() -> None:
        client = dlq.aio.Client(server.target, spool=False)
        async with client, DLQHandler(client, DLQConfig("shop", max_retries=0), bus) as old:
            await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, "late")

    asyncio.run(run())
    assert bus.topics == [f"dlq.{queue}.message_added", f"dlq.{queue}.poison"]


def test_a_send_that_joins_a_message_adds_none(server: LocalServer, queue: str) -> None:
    bus = DictClient()

    async def run() -> None:
        client = dlq.aio.Client(server.target, spool=False)
        async with client, DLQHandler(client, DLQConfig("shop"), bus) as old:
            for _ in range(2):
                await old.send_to_dlq(queue, ORDER, metadata={"dedup_key": "order-7"})

    asyncio.run(run())
    assert len(bus.published) == 1


def test_a_spooled_message_is_published_with_the_id_that_the_program_gets(
    spool_folder: Path, queue: str
) -> None:
    bus = DictClient()

    async def run() -> str:
        spool = dlq.SpoolOptions(folder=spool_folder)
        client = dlq.aio.Client("127.0.0.1:1", timeout=0.3, spool=spool)
        async with client, DLQHandler(client, DLQConfig("shop"), bus) as old:
            return await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, "late")

    message_id = asyncio.run(run())
    [(_, event)] = bus.published
    assert event["message_id"] == message_id
    assert event["reason"] == "timeout"


def test_the_prefix_of_topics_can_be_set(fake: FakeServer, queue: str) -> None:
    async def topics_of(kind: type[DLQHandler], **settings: str) -> list[str]:
        bus = DictClient()
        async with kind(fake.target, DLQConfig("shop"), bus, **settings) as old:
            await old.send_to_dlq(queue, ORDER)
        return bus.topics

    assert asyncio.run(topics_of(ActionDLQHandler)) == [f"action_dlq.{queue}.message_added"]
    dotted = {"event_prefix": "a.b"}
    assert asyncio.run(topics_of(DLQHandler, **dotted)) == [f"a.b.{queue}.message_added"]
    old_topics = asyncio.run(topics_of(ActionDLQHandler, event_prefix="dlq"))
    assert old_topics == [f"dlq.{queue}.message_added"]


@pytest.mark.parametrize(
    ("message", "metadata", "expected"),
    [
        (
            {"action_type_id": "a", "object_ids": ["1"], "executed_by": "u"},
            None,
            ("a", ["1"], "u"),
        ),
        ({"action_type_id": "a"}, {"executed_by": "u"}, ("a", [], "u")),
        ("no dict", None, (None, [], None)),
    ],
)
def test_fields_of_an_action_come_from_the_message(
    fake: FakeServer, queue: str, message: Any, metadata: Any, expected: object
) -> None:
    bus = DictClient()

    async def run() -> None:
        async with ActionDLQHandler(fake.target, DLQConfig("shop"), bus) as old:
            old.register_handler(queue, print)
            message_id = await old.send_to_dlq(queue, message, metadata=metadata)
            assert await old.retry_message(queue, message_id) is True

    asyncio.run(run())
    assert bus.topics[-1].endswith("retry_success")
    for _, event in bus.published:
        assert (event["action_type_id"], event["object_ids"], event.get("executed_by")) == expected


def test_errors_of_publish_are_logged_once_and_reach_nothing_else(
    fake: FakeServer, queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "dlq")

    async def run(bus: object) -> None:
        async with DLQHandler(fake.target, DLQConfig("shop"), bus) as old:
            got: list[Any] = []
            old.register_handler(queue, got.append)
            message_id = await old.send_to_dlq(queue, ORDER)
            assert await old.retry_message(queue, message_id) is True
            assert got == [ORDER]

    asyncio.run(run(DictClient(ConnectionError("no broker"))))
    lines = [one.getMessage() for one in caplog.records if "not published" in one.getMessage()]
    assert lines == [
        f"dlq: event dlq.{queue}.message_added was not published: ConnectionError('no broker')"
    ]
    caplog.clear()
    asyncio.run(run(object()))
    assert "has no attribute 'publish'" in caplog.text


def test_a_closed_client_of_nats_py_does_not_fail_the_send(
    fake: FakeServer, nats_url: str, queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        bus = await nats.connect(nats_url)
        await bus.close()
        async with DLQHandler(fake.target, DLQConfig("shop"), bus) as old:
            assert await old.send_to_dlq(queue, ORDER)

    asyncio.run(run())
    assert "was not published" in caplog.text
