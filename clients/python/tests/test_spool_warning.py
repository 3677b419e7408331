"""The warning about messages in the spool, and errors of sends that went there."""

from __future__ import annotations

import asyncio
import logging
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
from dlq._core.send_queue import PendingSend
from dlq._core.send_request import SendRequest
from dlq._engine.connection import CallFailed
from dlq._engine.log_thread import LogThread
from dlq._engine.sender import Sender
from dlq.options import ClientOptions
from dlq.spool.spool_store import SpoolStore
from dlq.spool.spool_warning import SpoolWarning
from dlq.testing import FakeServer


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [one for one in caplog.records if "messages wait in the spool for " in one.message]
    assert {one.levelname for one in found} <= {"WARNING"}
    return [one.message for one in found]


def test_a_late_refusal_of_a_send_on_its_way_to_the_spool_is_not_reported() -> None:
    """The spool sender reports it as dropped, once."""
    refused = CallError("INVALID_ARGUMENT", "no", ErrorDetails("X", is_empty=False))
    dropped: list[object] = []

    async def run() -> None:
        is_being_written, is_answered = asyncio.Event(), asyncio.Event()

        class Channel:
            async def call(self, *_: object) -> None:
                await is_being_written.wait()
                asyncio.get_running_loop().call_later(0.05, is_answered.set)
                raise CallFailed(refused)

        class SlowDisk:
            async def append(self, request: object) -> bool:
                is_being_written.set()
                await is_answered.wait()
                return True

            async def warn(self, error: object) -> None: ...

        future: Future[dlq.SendResult] = Future()
        sender = Sender(ClientOptions(), Channel(), SlowDisk())  # type: ignore[arg-type]
        deadline_at = time.monotonic() + 0.01

        def on_dropped(*given: object) -> None:
            dropped.append(given)

        sender.add([PendingSend(SendRequest(request("a"), 100), deadline_at, future, on_dropped)])
        assert await asyncio.wrap_future(future) == dlq.Spooled(durable=True)
        await sender.close()

    asyncio.run(run())
    assert dropped == []


def test_the_warning_is_logged_before_the_send_has_a_result(
    spool_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One line for all sends, also for those without a call because the service is unavailable."""
    spool = dlq.SpoolOptions(folder=spool_folder)
    with dlq.Client("127.0.0.1:1", timeout=0.3, spool=spool) as client:
        for _ in range(3):
            assert client.send("q", "x") == dlq.Spooled(durable=True)
            [line] = warnings(caplog)
            assert line.startswith("dlq: messages wait in the spool for 127.0.0.1:1 (1): ")
            assert "Connection refused" in line
            assert line.endswith("; retrying")


@pytest.mark.parametrize("try_timeout", [60, 0.1], ids=["before the first try fails", "after that"])
def test_a_server_without_answer_is_warned_about(
    spool_folder: Path, caplog: pytest.LogCaptureFixture, try_timeout: float
) -> None:
    spool = dlq.SpoolOptions(folder=spool_folder)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = f"127.0.0.1:{silent.getsockname()[1]}"
        with dlq.Client(target, timeout=0.3, try_timeout=try_timeout, spool=spool) as client:
            assert client.send("q", "x") == dlq.Spooled(durable=True)
            [line] = warnings(caplog)
    assert line == (
        f"dlq: messages wait in the spool for {target} (1): the server did not answer; is the server at `target` up?; "
        "retrying"
    )


def test_messages_of_an_ended_process_are_warned_about(
    spool_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """No send of this process reports them."""
    spool = dlq.SpoolOptions(folder=spool_folder)
    orphaned = SpoolStore(spool, TARGET, "shop")
    orphaned.append(request("a"))
    orphaned.close()
    with dlq.Client(TARGET, service="shop", spool=spool):
        until(lambda: bool(warnings(caplog)))
    [line] = warnings(caplog)
    assert "Connection refused" in line


def test_sends_spooled_by_close_before_a_failure_are_not_warned_about(
    spool_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = dlq.SpoolOptions(folder=spool_folder)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = f"127.0.0.1:{silent.getsockname()[1]}"
        client = dlq.Client(target, timeout=60, try_timeout=1, spool=spool)
        future = client.send_soon("q", "x")
        client.close(0)
    assert future.result(0) == dlq.Spooled(durable=True)
    assert warnings(caplog) == []


def test_there_is_one_warning_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    warning = SpoolWarning("dlq:50051", LogThread(), lambda: now)
    warning.warn(3, CallError("UNAUTHENTICATED", "wrong token"))
    now = 59.0
    warning.warn(3, CallError("UNAVAILABLE", "no route"))
    warning.warn(3, None)
    now = 61.0
    warning.warn(4, None)
    now = 122.0
    warning.warn(5, CallError("UNAVAILABLE", "no route"))
    until(lambda: len(warnings(caplog)) == 3)
    assert warnings(caplog) == [
        "dlq: messages wait in the spool for dlq:50051 (3): "
        "wrong token; give the client a valid `token`; retrying",
        "dlq: messages wait in the spool for dlq:50051 (4): the server did not answer; is the server at `target` up?; "
        "retrying",
        "dlq: messages wait in the spool for dlq:50051 (5): no route; is the server at `target` up?; retrying",
    ]


def test_an_empty_spool_after_a_warning_is_logged_once(
    fake: FakeServer, spool_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    spool = dlq.SpoolOptions(folder=spool_folder)
    fake.go_down()
    with dlq.Client(fake.target, timeout=0.3, spool=spool) as client:
        for _ in range(2):
            assert client.send("q", "x") == dlq.Spooled(durable=True)
        fake.come_back()
        until(lambda: bool(_empty(caplog)))
    assert len(warnings(caplog)) == 1
    assert _empty(caplog) == [f"dlq: the spool for {fake.target} is empty again"]


def _empty(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.message for one in caplog.records if "is empty again" in one.message]


def test_a_send_with_a_full_spool_has_the_call_error(spool_folder: Path) -> None:
    """Also for sends without a call, because the service is unavailable."""
    spool = dlq.SpoolOptions(folder=spool_folder, max_bytes=1)
    with dlq.Client("127.0.0.1:1", timeout=0.5, spool=spool) as client:
        results = [client.send("q", "x") for _ in range(3)]
        assert client.engine.sender.send_queue.reachability.is_unavailable(time.monotonic())
    for result in results:
        assert isinstance(result, dlq.Dropped)
        assert (result.error.kind, result.error.code) == ("spool-full", "UNAVAILABLE")
        assert "Connection refused" in str(result.error)
        assert "leave the spool on" not in str(result.error)
