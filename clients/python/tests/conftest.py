"""Fixtures: a real server for each module that uses it, and empty folders."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import dlq
from dlq.testing import FakeServer, LocalServer, fake_server, local_server

_queues = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with local_server() as found:
        yield found


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with fake_server() as found:
        yield found


@pytest.fixture
def queue() -> str:
    return f"q{next(_queues)}"


@pytest.fixture
def spool_folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture(autouse=True)
def _own_spool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keeps spool files out of the tester's own folders."""
    monkeypatch.setenv("DLQ_SPOOL_DIR", str(tmp_path / "default-spool"))


@pytest.fixture
def client(server: LocalServer) -> Iterator[dlq.Client]:
    with dlq.Client(server.target, service="tests", spool=False) as found:
        yield found


def until(condition: Callable[[], bool], timeout: float = 20.0) -> None:
    """Polls until the condition is true. Fails after `timeout` seconds."""
    tick = threading.Event()
    for _ in range(int(timeout / 0.02)):
        if condition():
            return
        tick.wait(0.02)
    raise AssertionError(f"the condition was not true within {timeout} s")


# For the programs that tests start.
os.environ["PYTHONPATH"] = str(Path(__file__).parents[1] / "src")
