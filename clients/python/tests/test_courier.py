"""Faults under the courier: it goes on, and whoever waits for a send has a result."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from conftest import until
from test_spool_files import TARGET, files, request, spool_in

import dlq
from dlq._core.call_error import CallError
from dlq._engine.connection import CallFailed
from dlq.spool import courier as courier_module
from dlq.spool.courier import Courier
from dlq.spool.owner import owner_of
from dlq.spool.spool import Spool
from dlq.spool.spool_file import SpoolFile
from dlq.testing import FakeServer
from dlq.v1 import dlq_service_pb2 as pb


def failing_once(act: Callable[..., object]) -> Callable[..., object]:
    faults = iter([RuntimeError("a fault")])

    def wrapped(*given: object) -> object:
        for fault in faults:
            raise fault
        return act(*given)

    return wrapped


class RefusingLine:
    """Takes every letter but `late`, which it does not take now; then `on_answer` is called."""

    def __init__(self, on_answer: Callable[[], object]) -> None:
        self._on_answer = on_answer

    async def call(
        self, method: object, batch: pb.SendToDlqBatchRequest, timeout_s: float
    ) -> pb.SendToDlqBatchResponse:
        response = pb.SendToDlqBatchResponse()
        for one in batch.requests:
            if one.payload.text == "late":
                response.results.add().error.code = grpc.StatusCode.PERMISSION_DENIED.value[0]
            else:
                response.results.add().response.id = "1"
        self._on_answer()
        return response


@pytest.mark.parametrize("act", ["adopt", "oldest"])
def test_after_a_fault_what_is_kept_is_still_delivered(
    fake: FakeServer, spool_folder: Path, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    left = Spool(dlq.SpoolOptions(folder=spool_folder), fake.target, "shop")
    left.append(request("a"))
    left.close()
    monkeypatch.setattr(courier_module, "_FAULT_PAUSE_S", 0.01)
    monkeypatch.setattr(Spool, act, failing_once(getattr(Spool, act)))
    with dlq.Client(fake.target, service="shop", spool=dlq.SpoolOptions(folder=spool_folder)):
        until(lambda: files(spool_folder) == [])
    assert [one.payload.text for one in fake.messages("q")] == ["a"]


class Stranger(grpc.GenericRpcHandler):  # type: ignore[misc]
    """As a proxy that knows no such path: UNIMPLEMENTED, without a word of the service."""

    def __init__(self) -> None:
        self.calls = 0

    def service(self, handler_call_details: object) -> None:
        self.calls += 1


def test_what_a_stranger_answers_is_no_word_on_letters(
    spool_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = Stranger()
    server = grpc.server(ThreadPoolExecutor(1), handlers=[stranger])
    target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    options = dlq.SpoolOptions(folder=spool_folder)
    left = Spool(options, target, "shop")
    for text in ("a", "b"):
        left.append(request(text))
    left.close()
    dropped: list[object] = []
    with dlq.Client(
        target, service="shop", spool=options, on_dropped=lambda *given: dropped.append(given)
    ):
        until(lambda: stranger.calls > 2)
    server.stop(None)
    assert dropped == []
    [told] = [record.message for record in caplog.records if "refused" in record.message]
    assert "is `target` the gRPC address" in told
    assert len(files(spool_folder)) == 1


def test_a_refusal_is_told_before_its_send_has_a_result(
    spool_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As of a job that ends at once: the courier has no time to find out."""
    server = grpc.server(ThreadPoolExecutor(1), handlers=[Stranger()])
    target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    with dlq.Client(target, spool=dlq.SpoolOptions(folder=spool_folder)) as client:
        for _ in range(3):
            assert client.send("q", "x") == dlq.Spooled(durable=True)
            assert len([one for one in caplog.records if "refused" in one.message]) == 1
    server.stop(None)


def test_without_room_for_it_a_refused_send_still_says_why(spool_folder: Path) -> None:
    server = grpc.server(ThreadPoolExecutor(1), handlers=[Stranger()])
    target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    with dlq.Client(target, spool=dlq.SpoolOptions(folder=spool_folder, max_bytes=1)) as client:
        result = client.send("q", "x")
    server.stop(None)
    assert isinstance(result, dlq.Dropped)
    assert (result.error.kind, result.error.code) == ("spool-full", "UNIMPLEMENTED")
    assert not result.error.maybe_stored
    assert "away" not in str(result.error)
    assert "is `target` the gRPC address" in str(result.error)


def test_a_service_that_refuses_what_was_kept_is_there(spool_folder: Path) -> None:
    left = Spool(dlq.SpoolOptions(folder=spool_folder), TARGET, "shop")
    left.append(request("a"))

    class Line:
        async def call(self, *_: object) -> None:
            raise CallFailed(CallError("UNAUTHENTICATED", "who are you?"))

    async def run() -> None:
        courier = Courier(lambda: left, Line(), lambda *_: None)  # type: ignore[arg-type]
        heard = asyncio.Event()
        courier.on_heard = heard.set
        await asyncio.wait_for(heard.wait(), 5)
        await courier.close()

    asyncio.run(run())


def test_letters_that_are_refused_share_their_next_calls_too(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "_FIRST_PAUSE_S", 10.0)
    spool = spool_in(spool_folder)
    for _ in range(500):
        spool.append(request("late"))
    calls: list[object] = []

    async def run() -> None:
        line = RefusingLine(lambda: calls.append(None))
        courier = Courier(lambda: spool, line, lambda *_: None)  # type: ignore[arg-type]
        await asyncio.sleep(3)
        await courier.close()

    asyncio.run(run())
    assert 5 <= len(calls) <= 20


def test_letters_that_are_refused_are_tried_again_however_many_others_come(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "_MOST_PAUSE_S", 0.2)
    spool = spool_in(spool_folder)
    spool.append(request("late"))
    tries: list[object] = []

    class Line(RefusingLine):
        async def call(self, method: object, batch: pb.SendToDlqBatchRequest, timeout_s: float):  # type: ignore[no-untyped-def]
            tries.extend(one for one in batch.requests if one.payload.text == "late")
            spool.append(request("another"))  # there is always one more
            await asyncio.sleep(0.005)
            return await super().call(method, batch, timeout_s)

    async def run() -> None:
        line = Line(lambda: None)
        courier = Courier(lambda: spool, line, lambda *_: None)  # type: ignore[arg-type]

        async def tried_again() -> None:
            while len(tries) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        await asyncio.wait_for(tried_again(), 10)
        await courier.close()

    asyncio.run(run())


def test_letters_that_are_refused_are_not_held_up_by_those_that_fail(spool_folder: Path) -> None:
    spool = spool_in(spool_folder)
    for text in ["late"] * 100 + ["fails"]:
        spool.append(request(text))
    tries: list[object] = []

    class Line(RefusingLine):
        async def call(self, method: object, batch: pb.SendToDlqBatchRequest, timeout_s: float):  # type: ignore[no-untyped-def]
            if batch.requests[0].payload.text == "fails":
                raise CallFailed(CallError("UNAVAILABLE", "away"))
            return await super().call(method, batch, timeout_s)

    async def run() -> None:
        line = Line(lambda: tries.append(None))
        courier = Courier(lambda: spool, line, lambda *_: None)  # type: ignore[arg-type]

        async def tried_again() -> None:
            while len(tries) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        await asyncio.wait_for(tried_again(), 10)
        await courier.close()

    asyncio.run(run())


def test_a_send_that_the_spool_fails_on_has_a_result(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Spool, "append", failing_once(Spool.append))
    spool = dlq.SpoolOptions(folder=spool_folder)
    with dlq.Client(TARGET, timeout=0.1, spool=spool) as client:
        result = client.send_soon("q", "x").result(timeout=20)
    assert isinstance(result, dlq.Dropped)
    assert result.error.kind == "spool-full"


def test_a_letter_that_waits_is_forgotten_with_its_file(spool_folder: Path) -> None:
    """Else the courier would look for it without a pause."""
    spool = spool_in(spool_folder)
    spool.append(request("late"))
    spool.append(request("a"))

    def taken_by_another() -> None:
        for path in files(spool_folder):
            SpoolFile.adopt(path, owner_of(TARGET, "shop"), sync=False)

    async def run() -> None:
        line = RefusingLine(taken_by_another)
        courier = Courier(lambda: spool, line, lambda *_: None)  # type: ignore[arg-type]

        async def forgotten() -> None:
            while courier._deferred.skipped() or not spool.is_empty:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        await asyncio.wait_for(forgotten(), 5)
        await courier.close()

    asyncio.run(run())


def test_a_log_that_waits_for_a_send_holds_up_no_client(spool_folder: Path) -> None:
    """A handler is locked while it works, and what it waits for is itself told to it."""
    options = dlq.SpoolOptions(folder=spool_folder)
    client = dlq.Client("127.0.0.1:1", spool=options, timeout=0.1)
    results: list[dlq.SendResult] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            results.append(client.send("logs", record.getMessage()))

    handler = Handler()
    logging.getLogger().addHandler(handler)
    try:
        threading.Thread(target=logging.getLogger("app").error, args=["x"], daemon=True).start()
        until(lambda: len(results) == 2)
    finally:
        logging.getLogger().removeHandler(handler)
    client.close()
    assert results == [dlq.Spooled(durable=True)] * 2
