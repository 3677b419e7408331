"""A Redis with messages of the old package, and runs of `dlq-migrate`."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import redis
from conftest import until

import dlq
from dlq.migrate.cli import main
from dlq.v1 import dlq_service_pb2 as pb

START = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=6)


class OldRedis:
    def __init__(self, url: str) -> None:
        self.url = url
        self.client: Any = redis.Redis.from_url(url)

    def put(
        self,
        id: str,
        *,
        queue: str = "orders",
        prefix: str = "dlq",
        ttl_s: int | None = 86400,
        **fields: Any,
    ) -> str:
        """Stores a message and returns its key."""
        message = message_of(id, queue, **fields)
        key = f"{prefix}:{queue}:{id}"
        self.client.set(key, json.dumps(message), ex=ttl_s)
        self.client.zadd(f"{prefix}:index:{queue}", {id: START.timestamp()})
        return key

    def put_poison(self, id: str, *, queue: str = "orders", **fields: Any) -> str:
        fields = {"status": "poison", "reason": "poison_message", "retry_count": 3, **fields}
        key = f"poison:{queue}:{id}"
        self.client.set(key, json.dumps(message_of(id, queue, **fields)))
        self.client.zadd(f"poison:index:{queue}", {id: START.timestamp()})
        return key


def message_of(id: str, queue: str, **fields: Any) -> dict[str, Any]:
    found = {
        "message_id": id,
        "queue_name": queue,
        "original_message": {"order": id},
        "reason": "network_error",
        "error_details": "no answer",
        "stack_trace": None,
        "retry_count": 0,
        "max_retries": 3,
        "first_failure_time": START.isoformat(),
        "last_failure_time": START.isoformat(),
        "next_retry_time": None,
        "status": "pending",
        "metadata": {},
        "error_history": [],
        **fields,
    }
    return {name: value for name, value in found.items() if value is not ...}


@contextmanager
def old_redis() -> Iterator[OldRedis]:
    command = os.environ.get("DLQ_REDIS_SERVER", "redis-server")
    with tempfile.TemporaryDirectory(prefix="dlq-", dir="/tmp") as folder:
        socket = Path(folder) / "redis.sock"
        process = subprocess.Popen(
            [command, "--port", "0", "--unixsocket", str(socket), "--dir", folder, "--save", ""],
            stdout=subprocess.DEVNULL,
        )
        try:
            found = OldRedis(f"unix://{socket}")
            _wait_for(found.client)
            yield found
            found.client.close()
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(client: Any) -> None:
    tick = threading.Event()
    for _ in range(1000):
        try:
            client.ping()
            return
        except redis.RedisError:
            tick.wait(0.02)
    raise RuntimeError("the Redis of the test does not answer")


class Runs:
    """Runs `dlq-migrate`. The queues are those of one test."""

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
        """The counts of the last report that are not 0."""
        return {name: count for name, count in self.report["counts"].items() if count}


def stats(client: dlq.Client, queue: str) -> pb.QueueStats:
    return client.stub.Stats(pb.StatsRequest(queues=[queue]), timeout=10).queues[0]


def delivered(client: dlq.Client, queue: str, count: int) -> list[dlq.Delivery]:
    got: list[dlq.Delivery] = []
    with client.worker(queue, concurrency=1, prefetch=0).start(got.append):
        until(lambda: len(got) >= count)
    return got
