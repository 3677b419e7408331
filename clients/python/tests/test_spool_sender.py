"""The spool sender: refusals, unknown servers, and faults of the disk and the log."""

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
from test_spool_files import TARGET, files, request, store_in

import dlq
from dlq._core.call_error import CallError
from dlq._engine.connection import CallFailed
from dlq._engine.log_thread import LogThread
from dlq.spool import spool_sender as spool_sender_module
from dlq.spool.owner import owner_of
from dlq.spool.spool_file import SpoolFile
from dlq.spool.spool_sender import SpoolSender
from dlq.spool.spool_store import SpoolStore
from dlq.spool.spool_warning import SpoolWarning
from dlq.testing import FakeServer
from dlq.v1 import dlq_service_pb2 as pb


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        one.message for one in caplog.records if "messages wait in the spool for " in one.message
    ]


def failing_once(act: Callable[..., object]) -> Callable[..., object]:
    faults = iter([RuntimeError("a fault")])

    def wrapped(*given: object) -> object:
        for fault in faults:
            raise fault
        return act(*given)

    return wrapped


class RefusingChannel:
    """Accepts every message except `late`, then calls `on_answer`."""

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


@pytest.mark.parametrize("method", ["recover_orphans", "oldest"])
def test_spooled_messages_are_sent_after_a_fault_of_the_store(
    fake: FakeServer, spool_folder: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    orphaned = SpoolStore(dlq.SpoolOptions(folder=spool_folder), fake.target, "shop")
    orphaned.append(request("a"))
    orphaned.close()
    monkeypatch.setattr(spool_sender_module, "_FAULT_PAUSE_S", 0.01)
    monkeypatch.setattr(SpoolStore, method, failing_once(getattr(SpoolStore, method)))
    with dlq.Client(fake.target, service="shop", spool=dlq.SpoolOptions(folder=spool_folder)):
        until(lambda: files(spool_folder) == [])
    assert [one.payload.text for one in fake.messages("q")] == ["a"]


def test_a_client_that_only_begins_sends_what_earlier_ones_left(
    fake: FakeServer, spool_folder: Path
) -> None:
    for text in ("a", "b"):
        left = SpoolStore(dlq.SpoolOptions(folder=spool_folder), fake.target, "shop")
        left.append(request(text))
        left.close()
    client = dlq.Client(fake.target, service="shop", spool=dlq.SpoolOptions(folder=spool_folder))
    client.ping()
    client.close()
    assert sorted(one.payload.text for one in fake.messages("q")) == ["a", "b"]
    assert files(spool_folder) == []


def test_a_closed_client_logs_what_stays_on_disk(
    fake: FakeServer, spool_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    fake.go_down()
    with dlq.Client(
        fake.target, timeout=0.2, spool=dlq.SpoolOptions(folder=spool_folder)
    ) as client:
        assert client.send("q", "x") == dlq.Spooled(durable=True)
    stay = f"dlq: messages stay in the spool for {fake.target} (1); the next client with the same service and target sends them"
    assert [one.message for one in caplog.records if "stay" in one.message] == [stay]


class UnknownServer(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Refuses every call with UNIMPLEMENTED, without details, like a wrong proxy."""

    def __init__(self) -> None:
        self.calls = 0

    def service(self, handler_call_details: object) -> None:
        self.calls += 1


def test_messages_refused_by_an_unknown_server_stay_in_the_spool(
    spool_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    unknown = UnknownServer()
    server = grpc.server(ThreadPoolExecutor(1), handlers=[unknown])
    target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    options = dlq.SpoolOptions(folder=spool_folder)
    orphaned = SpoolStore(options, target, "shop")
    for text in ("a", "b"):
        orphaned.append(request(text))
    orphaned.close()
    dropped: list[object] = []
    with dlq.Client(
        target, service="shop", spool=options, on_dropped=lambda *given: dropped.append(given)
    ):
        until(lambda: unknown.calls > 2)
    server.stop(None)
    assert dropped == []
    [line] = warnings(caplog)
    assert line.startswith(f"dlq: messages wait in the spool for {target} (2): ")
    assert "is `target` the gRPC address" in line
    assert len(files(spool_folder)) == 1


def test_a_refusal_is_logged_before_the_send_has_a_result(
    spool_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A program that ends right after its send has its log line, too."""
    server = grpc.server(ThreadPoolExecutor(1), handlers=[UnknownServer()])
    target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    with dlq.Client(target, spool=dlq.SpoolOptions(folder=spool_folder)) as client:
        for _ in range(3):
            assert client.send("q", "x") == dlq.Spooled(durable=True)
            assert len(warnings(caplog)) == 1
    server.stop(None)


def test_a_refused_send_with_a_full_spool_has_the_refusal_in_its_error(spool_folder: Path) -> None:
    server = grpc.server(ThreadPoolExecutor(1), handlers=[UnknownServer()])
    target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    with dlq.Client(target, spool=dlq.SpoolOptions(folder=spool_folder, max_bytes=1)) as client:
        result = client.send("q", "x")
    server.stop(None)
    assert isinstance(result, dlq.Dropped)
    assert (result.error.kind, result.error.code) == ("spool-full", "UNIMPLEMENTED")
    assert not result.error.maybe_stored
    assert "is `target` the gRPC address" in str(result.error)


def test_a_service_that_refuses_spooled_messages_is_available(spool_folder: Path) -> None:
    orphaned = SpoolStore(dlq.SpoolOptions(folder=spool_folder), TARGET, "shop")
    orphaned.append(request("a"))

    class Channel:
        async def call(self, *_: object) -> None:
            raise CallFailed(CallError("UNAUTHENTICATED", "wrong token"))

    async def run() -> None:
        spool_sender = SpoolSender(
            lambda: orphaned, Channel(), SpoolWarning(TARGET, LogThread()), lambda *_: None
        )  # type: ignore[arg-type]
        is_available = asyncio.Event()
        spool_sender.on_available = is_available.set
        await asyncio.wait_for(is_available.wait(), 5)
        await spool_sender.close()

    asyncio.run(run())


def test_refused_messages_share_calls_when_they_are_tried_again(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_sender_module, "_FIRST_BACKOFF_S", 10.0)
    spool = store_in(spool_folder)
    for _ in range(500):
        spool.append(request("late"))
    calls: list[object] = []

    async def run() -> None:
        channel = RefusingChannel(lambda: calls.append(None))
        spool_sender = SpoolSender(
            lambda: spool, channel, SpoolWarning(TARGET, LogThread()), lambda *_: None
        )  # type: ignore[arg-type]
        await asyncio.sleep(3)
        await spool_sender.close()

    asyncio.run(run())
    assert 5 <= len(calls) <= 20


def test_refused_messages_are_tried_again_while_new_ones_keep_coming(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_sender_module, "_MAX_BACKOFF_S", 0.2)
    spool = store_in(spool_folder)
    spool.append(request("late"))
    tries: list[object] = []

    class Channel(RefusingChannel):
        async def call(self, method: object, batch: pb.SendToDlqBatchRequest, timeout_s: float):  # type: ignore[no-untyped-def]
            tries.extend(one for one in batch.requests if one.payload.text == "late")
            spool.append(request("another"))  # new messages keep coming
            await asyncio.sleep(0.005)
            return await super().call(method, batch, timeout_s)

    async def run() -> None:
        channel = Channel(lambda: None)
        spool_sender = SpoolSender(
            lambda: spool, channel, SpoolWarning(TARGET, LogThread()), lambda *_: None
        )  # type: ignore[arg-type]

        async def tried_again() -> None:
            while len(tries) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        await asyncio.wait_for(tried_again(), 10)
        await spool_sender.close()

    asyncio.run(run())


def test_refused_messages_are_tried_again_while_other_calls_fail(spool_folder: Path) -> None:
    spool = store_in(spool_folder)
    for text in ["late"] * 100 + ["fails"]:
        spool.append(request(text))
    tries: list[object] = []

    class Channel(RefusingChannel):
        async def call(self, method: object, batch: pb.SendToDlqBatchRequest, timeout_s: float):  # type: ignore[no-untyped-def]
            if batch.requests[0].payload.text == "fails":
                raise CallFailed(CallError("UNAVAILABLE", "unavailable"))
            return await super().call(method, batch, timeout_s)

    async def run() -> None:
        channel = Channel(lambda: tries.append(None))
        spool_sender = SpoolSender(
            lambda: spool, channel, SpoolWarning(TARGET, LogThread()), lambda *_: None
        )  # type: ignore[arg-type]

        async def tried_again() -> None:
            while len(tries) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        await asyncio.wait_for(tried_again(), 10)
        await spool_sender.close()

    asyncio.run(run())


def test_a_send_has_a_result_when_the_spool_fails(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SpoolStore, "append", failing_once(SpoolStore.append))
    spool = dlq.SpoolOptions(folder=spool_folder)
    with dlq.Client(TARGET, timeout=0.1, spool=spool) as client:
        result = client.send_soon("q", "x").result(timeout=20)
    assert isinstance(result, dlq.Dropped)
    assert result.error.kind == "spool-full"


def test_a_deferred_message_is_forgotten_when_its_file_is_taken_over(spool_folder: Path) -> None:
    """Otherwise the spool sender would search for it without a pause."""
    spool = store_in(spool_folder)
    spool.append(request("late"))
    spool.append(request("a"))

    def take_over() -> None:
        for path in files(spool_folder):
            SpoolFile.claim(path, owner_of(TARGET, "shop"), sync=False)

    async def run() -> None:
        channel = RefusingChannel(take_over)
        spool_sender = SpoolSender(
            lambda: spool, channel, SpoolWarning(TARGET, LogThread()), lambda *_: None
        )  # type: ignore[arg-type]

        async def is_empty() -> None:
            while spool_sender._deferred.skipped() or not spool.is_empty:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        await asyncio.wait_for(is_empty(), 5)
        await spool_sender.close()

    asyncio.run(run())


def test_a_log_handler_may_wait_for_a_send(spool_folder: Path) -> None:
    """The handler holds its lock while it waits for the send, whose warning goes to the same handler."""
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
