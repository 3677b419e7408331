"""A Redis, and messages in it as the old package wrote them."""

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
        """Gives its key."""
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
