"""What `dlq-migrate` promises, with a real Redis and a real server."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import until
from old_redis import START, OldRedis, old_redis

import dlq
from dlq.migrate.cli import main
from dlq.migrate.importer import Importer, Refused, Taken
from dlq.migrate.progress import Progress
from dlq.options import ClientOptions
from dlq.testing import LocalServer
from dlq.v1 import dlq_service_pb2 as pb
from dlq.v1.message_pb2 import Payload


@pytest.fixture(scope="module")
def shared_redis() -> Iterator[OldRedis]:
    with old_redis() as found:
        yield found


@pytest.fixture
def old(shared_redis: OldRedis) -> OldRedis:
    shared_redis.client.flushall()
    return shared_redis


class Runs:
    """Runs of `dlq-migrate`, each to queues of its own test."""

    def __init__(self, old: OldRedis, target: str, folder: Path, queue: str) -> None:
        self._folder = folder
        self.target = target
        self._old = old
        self.queue = f"{queue}.orders"
        self._queue_format = f"{queue}.{{queue}}"
        self.report: dict[str, Any] = {}

    def __call__(self, *arguments: str) -> int:
        report = self._folder / "report.json"
        report.unlink(missing_ok=True)
        code = main(
            [
                *("--redis-url", self._old.url, "--target", self.target),
                *("--state", str(self._folder / "state"), "--report", str(report)),
                *("--queue", self._queue_format, "--patience", "20", *arguments),
            ]
        )
        self.report = json.loads(report.read_text()) if report.exists() else {}
        return code

    @property
    def counts(self) -> dict[str, int]:
        """Those that are not 0."""
        return {name: count for name, count in self.report["counts"].items() if count}


@pytest.fixture
def migrate(old: OldRedis, server: LocalServer, tmp_path: Path, queue: str) -> Runs:
    return Runs(old, server.target, tmp_path, queue)


def stats(client: dlq.Client, queue: str) -> pb.QueueStats:
    return client.stub.Stats(pb.StatsRequest(queues=[queue]), timeout=10).queues[0]


def delivered(client: dlq.Client, queue: str, count: int) -> list[dlq.Delivery]:
    got: list[dlq.Delivery] = []
    with client.worker(queue, concurrency=1, prefetch=0).start(got.append):
        until(lambda: len(got) >= count)
    return got


def test_a_message_comes_with_its_history(old: OldRedis, migrate: Runs, client: dlq.Client) -> None:
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
    assert one.attempt == 3, "attempts go on from where they were"
    assert one.failure_count == 3
    assert one.source_id == "orders:1700.5:-12"
    assert dict(one.attributes) == {"operation": "charge", "lines": "[1]"}
    assert one.reason == "TIMEOUT"
    assert one.latest_failure is not None
    assert one.latest_failure.message == "third"
    assert one._raw.message.create_time.ToDatetime(tzinfo=START.tzinfo) == START
    assert one.origin is not None
    assert one.origin.coordinates["redis_key"] == "dlq:orders:orders:1700.5:-12"


def test_they_come_oldest_first(old: OldRedis, migrate: Runs, client: dlq.Client) -> None:
    for number in (3, 1, 2, 0):
        at = START + timedelta(minutes=number)
        old.put(f"m{number}", first_failure_time=at.isoformat(), next_retry_time=START.isoformat())
    assert migrate() == 0
    got = delivered(client, migrate.queue, 4)
    assert [one.source_id for one in got] == ["m0", "m1", "m2", "m3"]


def test_what_was_set_aside_stays_so(old: OldRedis, migrate: Runs, client: dlq.Client) -> None:
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


def test_nothing_comes_twice(
    old: OldRedis, migrate: Runs, client: dlq.Client, tmp_path: Path
) -> None:
    for number in range(3):
        old.put(f"m{number}", next_retry_time=(START + timedelta(days=9)).isoformat())
    assert migrate() == 0
    old.put("new", next_retry_time=(START + timedelta(days=9)).isoformat())
    assert migrate() == 0
    assert migrate.counts == {"found": 4, "sent": 1, "sent_before": 3}
    assert stats(client, migrate.queue).totals.accepted == 4
    # Without what the runs remember, and with request ids that are forgotten.
    (tmp_path / "state").unlink()
    send = Importer.send

    def send_later(self: Importer, requests: list[pb.SendToDlqRequest]) -> list[Any]:
        for request in requests:
            request.request_id += "-later"
        return send(self, requests)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Importer, "send", send_later)
        assert migrate() == 0
    assert migrate.counts == {"found": 4, "already_there": 4}
    assert stats(client, migrate.queue).totals.accepted == 4
    assert old.client.dbsize() == 5, "Redis is as it was"


def test_one_message_in_two_places_is_one(old: OldRedis, migrate: Runs, client: dlq.Client) -> None:
    old.put("m")
    old.put_poison("m")
    assert migrate("--delete") == 0
    found = stats(client, migrate.queue)
    assert (found.totals.accepted, found.quarantined) == (1, 1)
    assert old.client.keys("*") == []


def test_a_dry_run_changes_nothing(
    old: OldRedis, migrate: Runs, client: dlq.Client, tmp_path: Path, capsys: Any
) -> None:
    old.put("m1")
    old.client.set("dlq:orders:broken", "{")
    assert migrate("--dry-run", "--delete") == 1
    assert migrate.counts == {"found": 2, "sent": 1, "did_not_fit": 1}
    assert "1 would be sent to" in capsys.readouterr().out
    assert not (tmp_path / "state").exists()
    assert stats(client, migrate.queue).totals.accepted == 0
    assert old.client.exists("dlq:orders:m1", "dlq:orders:broken") == 2
    assert migrate() == 1
    assert migrate.counts["sent"] == 1


def test_delete_removes_what_the_service_has(old: OldRedis, migrate: Runs) -> None:
    old.put("sent-before")
    assert migrate() == 0
    changed = old.put("changed")
    assert migrate() == 0
    old.client.set(changed, json.dumps({"original_message": 2}))
    old.put("now")
    old.put_poison("bad")
    old.client.set("dlq:orders:broken", "{")
    old.client.set("other", "of somebody else")
    assert migrate("--delete") == 1
    assert migrate.counts["deleted"] == 3
    left = sorted(key.decode() for key in old.client.keys("*"))
    assert left == ["dlq:index:orders", "dlq:orders:broken", "dlq:orders:changed", "other"]
    assert old.client.zrange("dlq:index:orders", 0, -1) == [b"changed"]
    (entry,) = migrate.report["adapted"]
    assert "has changed in Redis since it was sent" in entry["why"][0]


def test_a_run_that_was_cut_off_goes_on(
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
        if len(calls) == 2:  # the answer is lost with the process
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


def test_an_unreachable_service_or_redis_can_be_tried_again(
    old: OldRedis, migrate: Runs, server: LocalServer, tmp_path: Path, capsys: Any
) -> None:
    old.put("m1")
    server.stop()
    assert migrate("--patience", "0.2") == 3
    assert "run the same command again" in capsys.readouterr().err
    server.start()
    assert migrate() == 0
    assert migrate.counts["sent"] == 1
    assert main(["--redis-url", f"unix://{tmp_path}/none.sock"]) == 3


def test_what_does_not_fit_is_reported_with_why(
    old: OldRedis, migrate: Runs, client: dlq.Client, capsys: Any
) -> None:
    old.put("huge", original_message="x" * (1024**2 + 1))
    old.put("done", status="succeeded")
    old.put("no-message", original_message=...)
    old.put(
        "odd",
        max_retries=9999,
        retry_count="2",
        first_failure_time="long ago",
        colour="blue",
        next_retry_time=START.timestamp(),
        error_history="once",
        metadata="note",
        reason="whim",
    )
    old.client.set("dlq:orders:array", "[1]")
    old.client.set("dlq:orders:noise", b"\xff\xfe")
    old.client.zadd("dlq:index:orders", {"expired": 1})
    old.client.lpush("dlq:orders:list", "of another kind")
    assert migrate() == 1
    assert migrate.counts == {
        "found": 6,
        "sent": 1,
        "did_not_fit": 4,
        "succeeded_before": 1,
        "listed_without_message": 1,
    }
    why = {entry["key"]: " ".join(entry["why"]) for entry in migrate.report["did_not_fit"]}
    assert "1048576" in why["dlq:orders:huge"], why
    assert why["dlq:orders:no-message"] == "has no original_message"
    assert why["dlq:orders:array"] == "is no JSON object but a list"
    assert why["dlq:orders:noise"].startswith("is no JSON")
    (adapted,) = migrate.report["adapted"]
    assert adapted["why"] == [
        "first_failure_time is 'long ago', which is no time since 1970",
        "max_retries is 9999: taken as 1000",
    ]
    assert migrate.report["unknown_fields"] == {"colour": 1}
    text = capsys.readouterr().out
    assert "dlq:orders:array: is no JSON object but a list" in text
    (one,) = delivered(client, migrate.queue, 1)
    assert one.attempt == 3
    assert one.attributes["metadata"] == "note"
    assert [one.failure_count] == [2]


def test_a_longer_prefix_is_another_one(old: OldRedis, migrate: Runs) -> None:
    old.put("m1", prefix="dlq:eu")
    assert migrate() == 1
    (entry,) = migrate.report["did_not_fit"]
    assert entry["why"] == ["is of another prefix: run once more with --prefix 'dlq:eu'"]


def test_it_lives_as_long_as_it_would_have(
    old: OldRedis, migrate: Runs, client: dlq.Client
) -> None:
    old.put("m1", ttl_s=3600, next_retry_time=START.isoformat())
    assert migrate() == 0
    (one,) = delivered(client, migrate.queue, 1)
    message = one._raw.message
    life_s = message.expire_time.seconds - message.create_time.seconds
    assert 7 * 3600 - 60 < life_s < 8 * 3600, "6 hours that are over, and one to come"


def test_keys_may_have_other_patterns(old: OldRedis, migrate: Runs, client: dlq.Client) -> None:
    old.client.set("app/failed/orders/7", json.dumps({"original_message": 7, "retry_count": 1}))
    old.client.zadd("app/failed-by-time/orders", {"7": START.timestamp()})
    arguments = ("--prefix", "app", "--messages", "{prefix}/failed/{queue}/{id}")
    assert migrate(*arguments, "--index", "{prefix}/failed-by-time/{queue}", "--delete") == 0
    assert migrate.report["queues"] == {
        migrate.queue: {"old_queue": "orders", "sent": 1, "quarantined": 0}
    }
    assert old.client.keys("*") == []


def test_a_state_file_belongs_to_one_migration(
    old: OldRedis, migrate: Runs, tmp_path: Path, capsys: Any
) -> None:
    old.put("m1")
    assert migrate() == 0
    assert migrate("--prefix", "other") == 2
    assert "is of another migration" in capsys.readouterr().err
    (tmp_path / "state").write_text(
        "not a state file, and long enough to be looked at by SQLite" * 9
    )
    assert migrate() == 2


@pytest.mark.parametrize(
    "arguments",
    [["--messages", "{prefix}:x"], ["--queue", "x"], ["--target", "ftp://x"], ["--ca", "/none"]],
)
def test_a_wrong_command_line_says_so(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_one_message_that_spoils_a_call_does_not_spoil_the_others(server: LocalServer) -> None:
    importer = Importer(ClientOptions(server.target), 10)
    good = pb.SendToDlqRequest(queue="spoilt", payload=Payload(text="1"))
    bad = pb.SendToDlqRequest(queue="spoilt", payload=Payload(data=bytes(4 * 1024**2)))
    first, second, third = importer.send([good, bad, good])
    importer.close()
    assert isinstance(first, Taken)
    assert isinstance(second, Refused)
    assert isinstance(third, Taken)


def test_the_bar_is_for_terminals() -> None:
    plain = io.StringIO()
    with Progress("sending", 2, plain) as progress:
        progress.add(2)
    assert plain.getvalue() == ""
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as terminal, Progress("sending", 2, terminal) as progress:
        progress.add(2)
    shown = os.read(leader, 4096).decode()
    os.close(leader)
    assert f"sending [{'#' * 30}] 100% 2 of 2" in shown


def test_it_runs_as_a_module(old: OldRedis, server: LocalServer, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dlq.migrate", "--redis-url", old.url, "--dry-run"]
    ran = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=True
    )
    assert ran.stdout.startswith("0 messages found at unix://")
    assert ran.stderr == ""
