"""What a program can ask its client: `status` and `ping`."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import until

import dlq
import dlq.aio
from dlq.spool.spool_file import SpoolFile
from dlq.testing import FakeServer, LocalServer, local_server

TOKEN = "secret-of-the-shop"
NO_SENDS = {"sent": 0, "joined": 0, "spooled": 0, "delivery": 0, "dropped": 0}


@pytest.fixture(scope="module")
def secured() -> Iterator[LocalServer]:
    with local_server(environment={"DLQ_TOKENS": TOKEN}) as found:
        yield found


@pytest.fixture
def nobody() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def test_a_ping_returns_its_time(secured: LocalServer) -> None:
    with dlq.Client(secured.target, token=TOKEN, spool=False) as client:
        assert timedelta(0) < client.ping() < timedelta(seconds=5)
    with pytest.raises(dlq.DlqClientError, match="the client is closed"):
        client.ping()


def test_a_ping_says_that_the_token_is_wrong(secured: LocalServer) -> None:
    async def main() -> None:
        async with dlq.aio.Client(secured.target, spool=False) as client:
            await client.ping()

    with pytest.raises(dlq.DlqClientError, match="`token`") as raised:
        asyncio.run(main())
    assert raised.value.kind == "unauthenticated"


def test_a_ping_says_that_nobody_answers(nobody: str) -> None:
    with (
        dlq.Client(nobody, spool=False) as client,
        pytest.raises(dlq.DlqClientError, match=rf"^{nobody} does not answer: .*refused") as raised,
    ):
        client.ping(timeout=2)
    assert (raised.value.kind, raised.value.code) == ("connection", "UNAVAILABLE")


def test_the_status_says_what_waits_in_the_spool_and_why(nobody: str, spool_folder: Path) -> None:
    spool = dlq.SpoolOptions(folder=spool_folder)
    with dlq.Client(nobody, spool=spool) as client:
        first = client.status()
        assert first == dlq.ClientStatus(True, None, dlq.SpoolUsage(), NO_SENDS)
        for payload in ("a", "b"):
            assert client.send("q", payload).status == "spooled"
        status = client.status()
        assert not status.is_available
        assert "refused" in (status.last_error or "")
        assert status.sends == {**NO_SENDS, "spooled": 2}
        assert status.spool is not None
        assert status.spool.messages == 2
        assert status.spool.bytes > 100
        assert timedelta(0) <= status.spool.oldest_age < timedelta(minutes=1)


def test_the_status_counts_messages_in_memory(nobody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(SpoolFile, "append", refuse)
    with dlq.Client(nobody, on_dropped=lambda *_: None) as client:
        assert client.send("q", "a") == dlq.Spooled(durable=False)
        usage = client.status().spool
    assert usage is not None
    assert (usage.messages, usage.bytes > 0) == (1, True)


def test_all_sends_are_counted_and_the_service_is_available_again(fake: FakeServer) -> None:
    with dlq.Client(fake.target, on_dropped=lambda *_: None, spool=False) as client:
        client.send("q", "x", dedup_key="k")
        client.send("q", "x", dedup_key="k")
        client.send("q", "x", delay="soon")  # type: ignore[arg-type]
        fake.go_down()
        client.send("q", "x", timeout=0.5)
        assert client.status().spool is None
        until(lambda: not client.status().is_available)
        fake.come_back()
        assert client.send("q", "y").status == "sent"
        assert client.status().is_available
    assert client.status().sends == {**NO_SENDS, "sent": 2, "joined": 1, "dropped": 2}


def test_a_cancelled_send_counts_as_dropped(nobody: str) -> None:
    async def main() -> None:
        settings = {"on_dropped": lambda *_: None, "timeout": 60, "spool": False}
        async with dlq.aio.Client(nobody, **settings) as client:  # type: ignore[arg-type]
            waiting = asyncio.create_task(client.send("q", "x"))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting])
            assert client.status().sends == {**NO_SENDS, "dropped": 1}

    asyncio.run(main())


FORKED = """
import os, sys, threading, dlq
client = dlq.Client(sys.argv[1], spool=False)
client.send("q", "x")
pid = os.fork()
if pid == 0:
    status = client.status()
    is_new = status.is_available and not any(status.sends.values())
    os._exit(0 if is_new and threading.active_count() == 1 else 1)
sys.exit(os.waitpid(pid, 0)[1] or client.status().sends["sent"] != 1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_counts_its_own_sends_and_starts_no_thread_for_it(
    fake: FakeServer,
) -> None:
    args = [sys.executable, "-c", FORKED, fake.target]
    ended = subprocess.run(args, timeout=60, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
