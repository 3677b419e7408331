"""Fixtures for the tests of `dlq-migrate`, which load this module as a plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from old_redis import OldRedis, Runs, old_redis

from dlq.testing import LocalServer


@pytest.fixture(scope="module")
def shared_redis() -> Iterator[OldRedis]:
    with old_redis() as found:
        yield found


@pytest.fixture
def old(shared_redis: OldRedis) -> OldRedis:
    shared_redis.client.flushall()
    return shared_redis


@pytest.fixture
def migrate(old: OldRedis, server: LocalServer, tmp_path: Path, queue: str) -> Runs:
    return Runs(old, server.target, tmp_path, queue)
