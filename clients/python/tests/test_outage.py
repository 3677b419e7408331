"""Outages: nothing is lost or stored twice, and no send waits long."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from pathlib import Path

import grpc
import pytest
from conftest import until

import dlq
import dlq.aio
from dlq._engine.connection import CallFailed, Connection, ReconnectingChannel
from dlq.options import ClientOptions
from dlq.testing import FakeServer, fake_server
from dlq.v1 import dlq_service_pb2 as pb
from dlq.v1.dlq_service_pb2_grpc import DlqServiceServicer, add_DlqServiceServicer_to_server


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def test_a_server_without_answers_delays_a_send_by_the_timeout(spool_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = f"127.0.0.1:{silent.getsockname()[1]}"
        spool = dlq.SpoolOptions(folder=spool_folder)
        with dlq.Client(target, timeout=1, try_timeout=0.3, spool=spool) as client:
            began = time.monotonic()
            assert client.send("q", "x").status == "spooled"
            assert time.monotonic() - began < 3
            began = time.monotonic()
            assert client.send("q", "x").status == "spooled"
            assert time.monotonic() - began < 2


def test_a_refused_connection_does_not_delay_a_send(spool_folder: Path, free_port: int) -> None:
    spool = dlq.SpoolOptions(folder=spool_folder)
    with dlq.Client(f"127.0.0.1:{free_port}", timeout=60, spool=spool) as client:
        for text in ("the first of the process", "the second", "the third"):
            began = time.monotonic()
            assert client.send("q", text).status == "spooled"
            assert time.monotonic() - began < 20


def test_a_refused_connection_does_not_freeze_an_event_loop(
    spool_folder: Path, free_port: int
) -> None:
    """If a program uses the sync client there."""
    spool = dlq.SpoolOptions(folder=spool_folder)

    async def main() -> None:
        with dlq.Client(f"127.0.0.1:{free_port}", timeout=60, spool=spool) as client:
            began = time.monotonic()
            for _ in range(5):
                assert client.send("q", "x").status == "spooled"
                await asyncio.sleep(0)
            assert time.monotonic() - began < 20

    asyncio.run(main())


def test_each_call_tries_to_reconnect(free_port: int) -> None:
    """gRPC fails calls with the cached error, and reconnects only while calls are in progress."""
    target = f"127.0.0.1:{free_port}"

    async def run() -> None:
        channel = ReconnectingChannel(lambda: Connection(ClientOptions(target)))

        async def stats() -> pb.StatsResponse:
            return await channel.call(lambda stub: stub.Stats, pb.StatsRequest(), 5.0)

        with pytest.raises(CallFailed):
            await stats()
        assert not channel._lingering, "replaced channels would reconnect, too"
        server = grpc.server(ThreadPoolExecutor(1))
        add_DlqServiceServicer_to_server(Empty(), server)
        server.add_insecure_port(target)
        server.start()
        try:
            await stats()
        finally:
            channel.close()
            server.stop(None)

    class Empty(DlqServiceServicer):
        def Stats(self, *_: object) -> pb.StatsResponse:
            return pb.StatsResponse()

    asyncio.run(run())


def test_a_server_with_slow_handshakes_is_reached(fake: FakeServer) -> None:
    """For example after a restart, when many clients reconnect at once."""
    host, port = fake.target.split(":")

    def copy(source: socket.socket, to: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                to.sendall(data)

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                caller, _ = listener.accept()
                threading.Thread(target=link, args=(caller,), daemon=True).start()

    def link(caller: socket.socket) -> None:
        threading.Event().wait(2.5)
        server = socket.create_connection((host, int(port)))
        threading.Thread(target=copy, args=(caller, server), daemon=True).start()
        with caller, server:
            copy(server, caller)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        target = f"127.0.0.1:{listener.getsockname()[1]}"
        with dlq.Client(target, spool=False, timeout=10, try_timeout=5) as client:
            assert client.send("q", "x").status == "sent"


def test_a_batch_refused_entirely_as_unavailable_is_a_failed_call(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_store_up = threading.Event()
    send_batch = FakeServer.SendToDlqBatch

    def without_store(
        fake: FakeServer, request: pb.SendToDlqBatchRequest, context: grpc.ServicerContext
    ) -> pb.SendToDlqBatchResponse:
        if is_store_up.is_set():
            return send_batch(fake, request, context)
        error = pb.ErrorStatus(code=14, message="the store does not answer")
        results = [pb.SendToDlqBatchResult(error=error) for _ in request.requests]
        return pb.SendToDlqBatchResponse(results=results)

    monkeypatch.setattr(FakeServer, "SendToDlqBatch", without_store)

    def is_spooled_at_once() -> bool:
        try:
            return client.send_soon("q", "later", timeout=60).result(1).status == "spooled"
        except FutureTimeoutError:
            return False

    spool = dlq.SpoolOptions(folder=spool_folder)
    with (
        fake_server() as fake,
        dlq.Client(fake.target, service="shop", spool=spool) as client,
    ):
        futures = [client.send_soon("q", str(n), timeout=60) for n in range(50)]
        until(is_spooled_at_once, timeout=0.2)
        is_store_up.set()
        assert {one.result(30).status for one in futures} == {"sent"}
        until(lambda: not list(spool_folder.glob("shop/*.spool")), timeout=40)


PROGRAM = """
import sys, dlq
client = dlq.Client(sys.argv[1], service="shop", timeout=60, spool=dlq.SpoolOptions(folder=sys.argv[2]))
client.send_soon("q", "x")
"""


def test_exit_moves_pending_sends_to_the_spool(fake: FakeServer, spool_folder: Path) -> None:
    fake.go_down()
    args = [sys.executable, "-c", PROGRAM, fake.target, str(spool_folder)]
    subprocess.run(args, check=True, timeout=60)
    assert len(list(spool_folder.glob("shop/*.spool"))) == 1
    fake.come_back()
    spool = dlq.SpoolOptions(folder=spool_folder)
    with dlq.Client(fake.target, service="shop", spool=spool):
        fake.wait_for("q", "SCHEDULED")
        until(lambda: not list(spool_folder.glob("shop/*.spool")))


def test_sends_are_numbered_by_client_and_queue(fake: FakeServer) -> None:
    with (
        dlq.Client(fake.target, spool=False) as client,
        dlq.Client(fake.target, spool=False) as other,
    ):
        for one in (client, client, other):
            one.send("q", "x")
        client.send("r", "x")
    numbers = [m.request.send_number for m in (*fake.messages("q"), *fake.messages("r"))]
    assert [one.number for one in numbers] == [1, 2, 1, 1]
    assert len({one.client_id for one in numbers}) == 2
    assert {len(one.client_id) for one in numbers} == {16}


def test_asyncio_sends_are_spooled(spool_folder: Path) -> None:
    async def main() -> None:
        spool = dlq.SpoolOptions(folder=spool_folder, sync=True)
        async with dlq.aio.Client("127.0.0.1:1", timeout=0.3, spool=spool) as client:
            results = await asyncio.gather(*(client.send("q", n) for n in range(20)))
            assert {one.status for one in results} == {"spooled"}

    asyncio.run(main())


FORKED = """
import os, sys, threading, dlq
target, folder, connected = sys.argv[1:]
client = dlq.Client(target, service="shop", spool=dlq.SpoolOptions(folder=folder))
if connected == "connected":
    assert client.send("q", "parent").status == "sent"
pids = []
for child in range(3):
    pid = os.fork()
    if pid == 0:
        statuses = {client.send("q", f"{child}-{n}").status for n in range(5)}
        client.close()
        os._exit(0 if statuses == {"sent"} else 1)
    pids.append(pid)
codes = [os.waitpid(pid, 0)[1] for pid in pids]
assert client.send("q", "parent").status == "sent"
client.close()
sys.exit(any(codes))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize("connected", ["connected", "fresh"])
def test_forked_processes_send(fake: FakeServer, spool_folder: Path, connected: str) -> None:
    args = [sys.executable, "-c", FORKED, fake.target, str(spool_folder), connected]
    ended = subprocess.run(args, timeout=90, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    messages = fake.messages("q")
    assert len(messages) == (17 if connected == "connected" else 16)
    assert len({m.request.send_number.client_id for m in messages}) == 4


FORKED_ASYNCIO = """
import asyncio, os, sys, dlq.aio
client = dlq.aio.Client(sys.argv[1], spool=False)

async def send(text):
    return (await client.send("q", text)).status

assert asyncio.run(send("parent")) == "sent"
pid = os.fork()
if pid == 0:
    os._exit(0 if asyncio.run(send("child")) == "sent" else 1)
code = os.waitpid(pid, 0)[1]
assert asyncio.run(send("parent")) == "sent"
sys.exit(code)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_forked_asyncio_processes_send(fake: FakeServer) -> None:
    args = [sys.executable, "-c", FORKED_ASYNCIO, fake.target]
    ended = subprocess.run(args, timeout=60, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert len(fake.messages("q")) == 3


FORKED_IN_A_HANDLER = """
import os, sys, dlq
from dlq._engine.current import current_deliveries
from dlq.delivery import Delivery
from dlq.v1 import dlq_service_pb2 as pb
from dlq.v1.dlq_service_pb2_grpc import DlqServiceServicer, add_DlqServiceServicer_to_server

client = dlq.Client("127.0.0.1:1", timeout=0.1, spool=False)
raw = pb.Delivery()
raw.message.queue, raw.message.payload.text = "q", "x"
delivery = Delivery(raw, client._target, 0.0)
current_deliveries.set([delivery])
pid = os.fork()
if pid == 0:
    statuses = {client.send("q", given).status for given in ("x", delivery)}
    os._exit(0 if statuses == {"dropped"} else 1)
code = os.waitpid(pid, 0)[1]
assert client.send("q", "x").status == "delivery"
sys.exit(bool(code))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_send_in_a_forked_child_is_no_outcome_of_the_parents_delivery() -> None:
    args = [sys.executable, "-c", FORKED_IN_A_HANDLER]
    ended = subprocess.run(args, timeout=90, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
