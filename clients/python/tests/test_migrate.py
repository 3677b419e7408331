"""Messages that `dlq-migrate` sends, with a real Redis and a real server."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from old_redis import START, OldRedis, Runs, delivered, stats

import dlq
from dlq.migrate.importer import Importer
from dlq.v1 import dlq_service_pb2 as pb

pytest_plugins = ["migrate_fixtures"]


def test_a_message_is_sent_with_its_history(
    old: OldRedis, migrate: Runs, client: dlq.Client
) -> None:
    old.put(
        "orders:1700.5:-12",
        retry_count=2,
        max_retries=5,
        reason="timeout",
        error_details="third",
        stack_trace='Traceback (most recent call last):\n  File "a.py", line 1\nshop.Away: first\n',
        last_failure_time=(START + timedelta(hours=2)).isoformat(),
        next_retry_time=(START + timedelta(hours=3)).isoformat(),
        status="retrying",
        metadata={"operation": "charge", "lines": [1]},
        error_history=[
            {"timestamp": START.isoformat(), "error": "second", "details": {"try": 1}},
            {"timestamp": START.isoformat(), "error": "third", "details": {}},
        ],
    )
    assert migrate() == 0
    assert migrate.counts == {"found": 1, "sent": 1}
    (one,) = delivered(client, migrate.queue, 1)
    assert one.json() == {"order": "orders:1700.5:-12"}
    assert one.attempt == 3, "attempts continue from the old count"
    assert one.failure_count == 3
    assert one.source_id == "orders:1700.5:-12"
    assert dict(one.attributes) == {"operation": "charge", "lines": "[1]"}
    assert one.reason == "TIMEOUT"
    assert one.latest_failure is not None
    assert one.latest_failure.message == "third"
    assert one._raw.message.create_time.ToDatetime(tzinfo=START.tzinfo) == START
    assert one.origin is not None
    assert one.origin.coordinates["redis_key"] == "dlq:orders:orders:1700.5:-12"


def test_messages_are_sent_oldest_first(old: OldRedis, migrate: Runs, client: dlq.Client) -> None:
    for number in (3, 1, 2, 0):
        at = START + timedelta(minutes=number)
        old.put(f"m{number}", first_failure_time=at.isoformat(), next_retry_time=START.isoformat())
    assert migrate() == 0
    got = delivered(client, migrate.queue, 4)
    assert [one.source_id for one in got] == ["m0", "m1", "m2", "m3"]


def test_poison_messages_are_quarantined(old: OldRedis, migrate: Runs, client: dlq.Client) -> None:
    old.put_poison("own-key")
    old.put("by-status", status="poison")
    old.put("by-set")
    old.client.delete("poison:index:orders")
    old.client.sadd("poison:index:orders", "by-set")
    old.put("exhausted", retry_count=3, max_retries=3)
    old.put("alive", next_retry_time=(START + timedelta(days=9)).isoformat())
    assert migrate() == 0
    found = stats(client, migrate.queue)
    assert (found.scheduled, found.quarantined) == (1, 4)
    assert migrate.counts["quarantined"] == 4


def test_repeated_runs_send_no_message_twice(
    old: OldRedis, migrate: Runs, client: dlq.Client, tmp_path: Path
) -> None:
    for number in range(3):
        old.put(f"m{number}", next_retry_time=(START + timedelta(days=9)).isoformat())
    assert migrate() == 0
    old.put("new", next_retry_time=(START + timedelta(days=9)).isoformat())
    assert migrate() == 0
    assert migrate.counts == {"found": 4, "sent": 1, "sent_before": 3}
    assert stats(client, migrate.queue).totals.accepted == 4
    (tmp_path / "state").unlink()
    assert migrate() == 0
    assert migrate.counts == {"found": 4, "already_there": 4}
    assert stats(client, migrate.queue).totals.accepted == 4
    assert old.client.dbsize() == 5, "Redis is not changed"


def test_a_message_stored_twice_is_sent_once_as_poison(
    old: OldRedis, migrate: Runs, client: dlq.Client
) -> None:
    old.put("m")
    old.put_poison("m")
    assert migrate("--delete") == 0
    assert migrate.counts == {
        **{"found": 2, "sent": 1, "quarantined": 1, "already_there": 1, "deleted": 2}
    }
    found = stats(client, migrate.queue)
    assert (found.totals.accepted, found.quarantined) == (1, 1)
    assert old.client.keys("*") == []


def test_delete_removes_stored_and_unchanged_messages(old: OldRedis, migrate: Runs) -> None:
    old.put("sent-before")
    assert migrate() == 0
    changed = old.put("changed")
    assert migrate() == 0
    old.client.set(changed, json.dumps({"original_message": 2}))
    old.put("now")
    old.put_poison("bad")
    old.client.set("dlq:orders:broken", "{")
    old.client.set("other", "another program's value")
    assert migrate("--delete") == 1
    assert migrate.counts["deleted"] == 3
    left = sorted(key.decode() for key in old.client.keys("*"))
    assert left == ["dlq:index:orders", "dlq:orders:broken", "dlq:orders:changed", "other"]
    assert old.client.zrange("dlq:index:orders", 0, -1) == [b"changed"]
    (entry,) = migrate.report["adapted"]
    assert "has changed in Redis since it was sent" in entry["why"][0]


def test_an_interrupted_run_continues(
    old: OldRedis, migrate: Runs, client: dlq.Client, tmp_path: Path, queue: str
) -> None:
    for number in range(250):
        at = START + timedelta(seconds=number)
        old.put(f"m{number}", first_failure_time=at.isoformat(), next_retry_time=at.isoformat())
    send = Importer.send
    calls = []

    def send_twice(self: Importer, requests: list[pb.SendToDlqRequest]) -> list[Any]:
        calls.append(1)
        results = send(self, requests)
        if len(calls) == 2:  # the answer is lost
            raise KeyboardInterrupt
        return results

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Importer, "send", send_twice)
        assert migrate("--delete") == 130
    assert migrate.counts == {"found": 250, "sent": 100, "deleted": 100, "not_yet_sent": 150}
    assert stats(client, migrate.queue).totals.accepted == 200
    assert migrate("--delete") == 0
    assert stats(client, migrate.queue).totals.accepted == 250
    assert old.client.keys("*") == []


def test_the_time_to_live_is_kept(old: OldRedis, migrate: Runs, client: dlq.Client) -> None:
    old.put("m1", ttl_s=3600, next_retry_time=START.isoformat())
    assert migrate() == 0
    (one,) = delivered(client, migrate.queue, 1)
    message = one._raw.message
    life_s = message.expire_time.seconds - message.create_time.seconds
    assert 7 * 3600 - 60 < life_s < 8 * 3600, "6 hours before now, and one after"
