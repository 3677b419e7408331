"""Sends that leave for the spool: who hears why."""

from __future__ import annotations

import asyncio
import socket
import time
from concurrent.futures import Future
from pathlib import Path

import pytest
from conftest import until
from test_spool_files import TARGET, request

import dlq
from dlq._core.call_error import CallError
from dlq._core.error_details import ErrorDetails
from dlq._core.letter import Letter
from dlq._core.send_book import PendingSend
from dlq._engine.connection import CallFailed
from dlq._engine.sender import Sender
from dlq.options import ClientOptions
from dlq.spool.spool import Spool
from dlq.spool.waiting_log import WaitingLog


def kept_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [one for one in caplog.records if one.message.startswith("dlq: the spool keeps")]
    assert {one.levelname for one in found} <= {"WARNING"}
    return [one.message for one in found]


def test_a_refusal_of_what_is_on_its_way_to_the_spool_is_left_to_the_courier() -> None:
    """The letter is there, and is told as dropped once, by whoever delivers it."""
    refused = CallError("INVALID_ARGUMENT", "no", ErrorDetails("X", is_empty=False))
    dropped: list[object] = []

    async def run() -> None:
        is_being_written, is_answered = asyncio.Event(), asyncio.Event()

        class Line:
            async def call(self, *_: object) -> None:
                await is_being_written.wait()
                asyncio.get_running_loop().call_later(0.05, is_answered.set)
                raise CallFailed(refused)

        class SlowDisk:
            async def keep(self, request: object) -> bool:
                is_being_written.set()
                await is_answered.wait()
                return True

            log = WaitingLog()

        future: Future[dlq.SendResult] = Future()
        sender = Sender(ClientOptions(), Line(), SlowDisk(), lambda *given: dropped.append(given))  # type: ignore[arg-type]
        letter = Letter(request("a"), 100)
        sender.add([PendingSend(letter, time.monotonic() + 0.01, future)])
        assert await asyncio.wrap_future(future) == dlq.Spooled(durable=True)
        await sender.close()

    asyncio.run(run())
    assert dropped == []


def test_what_can_not_be_delivered_is_told_before_its_send_has_a_result(
    spool_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, also of those that are not tried, as the service is known to be away, and of the courier."""
    spool = dlq.SpoolOptions(folder=spool_folder)
    with dlq.Client("127.0.0.1:1", timeout=0.3, spool=spool) as client:
        for _ in range(3):
            assert client.send("q", "x") == dlq.Spooled(durable=True)
            [line] = kept_lines(caplog)
            assert line.startswith("dlq: the spool keeps what can't be delivered: ")
            assert "Connection refused" in line


def test_silence_is_told_too(spool_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    spool = dlq.SpoolOptions(folder=spool_folder)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = f"127.0.0.1:{silent.getsockname()[1]}"
        with dlq.Client(target, timeout=0.3, try_timeout=60, spool=spool) as client:
            assert client.send("q", "x") == dlq.Spooled(durable=True)
            [line] = kept_lines(caplog)
    assert line.startswith("dlq: the spool keeps what can't be delivered: ")
    assert len(line) > len("dlq: the spool keeps what can't be delivered: ")


def test_the_courier_tells_what_keeps_it_from_delivering(
    spool_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of letters that an earlier process has left, no send says so."""
    spool = dlq.SpoolOptions(folder=spool_folder)
    left = Spool(spool, TARGET, "shop")
    left.append(request("a"))
    left.close()
    with dlq.Client(TARGET, service="shop", spool=spool):
        until(lambda: bool(kept_lines(caplog)))
    [line] = kept_lines(caplog)
    assert "Connection refused" in line


def test_what_is_kept_by_a_close_before_a_try_has_failed_is_not_told(
    spool_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = dlq.SpoolOptions(folder=spool_folder)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = f"127.0.0.1:{silent.getsockname()[1]}"
        client = dlq.Client(target, timeout=60, try_timeout=1, spool=spool)
        future = client.send_soon("q", "x")
        client.close(0)
    assert future.result(0) == dlq.Spooled(durable=True)
    assert kept_lines(caplog) == []


def test_both_lines_share_one_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    log = WaitingLog(lambda: now)
    log.tell_of(CallError("UNAUTHENTICATED", "who are you?"))
    now = 59.0
    log.tell_of(CallError("UNAVAILABLE", "away"))
    log.tell_of(None)
    now = 61.0
    log.tell_of(None)
    now = 122.0
    log.tell_of(CallError("UNAVAILABLE", "away"))
    log.close()
    until(lambda: len(kept_lines(caplog)) == 3)
    assert kept_lines(caplog) == [
        "dlq: the spool keeps what is refused: "
        "who are you?; give the client a `token` that the server knows",
        "dlq: the spool keeps what can't be delivered: the server did not answer",
        "dlq: the spool keeps what can't be delivered: away",
    ]


def test_without_room_a_send_says_why_the_service_does_not_have_it(spool_folder: Path) -> None:
    """Also those that are not tried, as the service is known to be away."""
    spool = dlq.SpoolOptions(folder=spool_folder, max_bytes=1)
    with dlq.Client("127.0.0.1:1", timeout=0.5, spool=spool) as client:
        results = [client.send("q", "x") for _ in range(3)]
        assert client.engine.sender.book.is_away(time.monotonic())
    for result in results:
        assert isinstance(result, dlq.Dropped)
        assert (result.error.kind, result.error.code) == ("spool-full", "UNAVAILABLE")
        assert "Connection refused" in str(result.error)
        assert "leave the spool on" not in str(result.error)
