"""Reports and exit codes of `dlq-migrate`, with a real Redis and a real server."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from old_redis import START, OldRedis, Runs, delivered, stats

import dlq
from dlq.migrate.cli import main
from dlq.migrate.importer import Accepted, Importer, Refused
from dlq.migrate.progress import Progress
from dlq.options import ClientOptions
from dlq.testing import LocalServer
from dlq.v1 import dlq_service_pb2 as pb
from dlq.v1.message_pb2 import Payload

pytest_plugins = ["migrate_fixtures"]


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


def test_a_dry_run_predicts_the_run(old: OldRedis, migrate: Runs) -> None:
    for reason in (
        "network_error",
        "validation_failed",
        "execution_failed",
        "whim",
        "poison_message",
    ):
        for attempts in (0, 1, 2, 3, 5):
            old.put(f"{reason}-{attempts}-of-3", reason=reason, retry_count=attempts, max_retries=3)
            old.put(f"{reason}-{attempts}", reason=reason, retry_count=attempts, max_retries=...)
    for reason in ("max_retries_exceeded", "authentication_error", "resource_exhausted"):
        old.put(reason, reason=reason, retry_count=2, max_retries=...)
    old.put("none-allowed", max_retries=0)
    old.put("expired", status="expired")
    old.put("twice")
    old.put_poison("twice")
    old.put("huge", original_message="é" * (1024**2 // 2 + 1))
    old.put("largest", original_message="é" * (1024**2 // 2))
    old.put("done", status="succeeded")
    old.client.set("dlq:orders:broken", "{")
    assert migrate("--dry-run") == 1
    predicted = migrate.counts
    assert migrate() == 1
    assert migrate.counts == predicted
    assert predicted["already_there"] == 1
    assert predicted["did_not_fit"] == 2


def test_an_unparsable_message_is_not_reported_as_expired(old: OldRedis, migrate: Runs) -> None:
    old.put("17", queue="orders:eu")
    old.client.set("dlq:orders:eu:18", "{")
    old.client.zadd("dlq:index:orders:eu", {"18": 1})
    assert migrate() == 1
    assert migrate.counts == {"found": 2, "sent": 1, "did_not_fit": 1}
    (entry,) = migrate.report["did_not_fit"]
    assert (entry["queue"], entry["message_id"]) == ("orders:eu", "18")


def test_an_unreachable_service_or_redis_ends_with_3(
    old: OldRedis, migrate: Runs, server: LocalServer, tmp_path: Path, capsys: Any
) -> None:
    old.put("m1")
    server.stop()
    assert migrate("--patience", "0.2") == 3
    text = capsys.readouterr().err
    assert "is the server at `target` up? (UNAVAILABLE)" in text
    assert "run the same command again" in text
    server.start()
    assert migrate() == 0
    assert migrate.counts["sent"] == 1
    assert main(["--redis-url", f"unix://{tmp_path}/none.sock"]) == 3


def test_messages_that_can_not_be_migrated_are_reported_with_reasons(
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
    assert why["dlq:orders:array"] == "is not a JSON object but a list"
    assert why["dlq:orders:noise"].startswith("is not JSON")
    (adapted,) = migrate.report["adapted"]
    assert adapted["why"] == [
        "first_failure_time is 'long ago', which is not a time since 1970",
        "max_retries is 9999; set to 1000",
    ]
    assert migrate.report["unknown_fields"] == {"colour": 1}
    text = capsys.readouterr().out
    assert "dlq:orders:array: is not a JSON object but a list" in text
    (one,) = delivered(client, migrate.queue, 1)
    assert one.attempt == 3
    assert one.attributes["metadata"] == "note"
    assert [one.failure_count] == [2]


def test_messages_of_a_longer_prefix_are_not_sent(old: OldRedis, migrate: Runs) -> None:
    old.put("m1", prefix="dlq:eu")
    assert migrate() == 1
    (entry,) = migrate.report["did_not_fit"]
    assert entry["why"] == ["has another prefix: run again with --prefix 'dlq:eu'"]


def test_key_patterns_are_configurable(old: OldRedis, migrate: Runs, client: dlq.Client) -> None:
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
    assert "belongs to another migration" in capsys.readouterr().err
    (tmp_path / "state").write_text("not a state file, but longer than a SQLite header" * 9)
    assert migrate() == 2


@pytest.mark.parametrize(
    "arguments",
    [["--messages", "{prefix}:x"], ["--queue", "x"], ["--target", "ftp://x"], ["--ca", "/none"]],
)
def test_a_wrong_command_line_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_an_oversized_message_does_not_affect_others_in_its_batch(server: LocalServer) -> None:
    importer = Importer(ClientOptions(server.target), 10)
    good = pb.SendToDlqRequest(queue="split", payload=Payload(text="1"))
    bad = pb.SendToDlqRequest(queue="split", payload=Payload(data=bytes(4 * 1024**2)))
    first, second, third = importer.send([good, bad, good])
    importer.close()
    assert isinstance(first, Accepted)
    assert isinstance(second, Refused)
    assert isinstance(third, Accepted)


def test_the_progress_bar_is_shown_on_terminals_only() -> None:
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
