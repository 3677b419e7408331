"""Programs that exit while a worker runs."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import dlq
import dlq.aio
from dlq.testing import FakeServer, LocalServer
from dlq.v1 import dlq_service_pb2 as pb

ENDING = """
import sys, threading, time, dlq
client = dlq.Client(sys.argv[1], spool=False)
started = threading.Event()

def handle(delivery):
    started.set()
    time.sleep(60)

client.worker(sys.argv[2]).start(handle)
client.send(sys.argv[2], "x", delay=0)
assert started.wait(30)
"""


def test_exit_releases_running_deliveries(
    server: LocalServer, client: dlq.Client, queue: str
) -> None:
    subprocess.run([sys.executable, "-c", ENDING, server.target, queue], check=True, timeout=60)
    [stats] = client.stub.Stats(pb.StatsRequest(queues=[queue])).queues
    assert (stats.in_flight, stats.scheduled, stats.totals.failed_attempts) == (0, 1, 0)


SYNC = """
import sys, dlq
client = dlq.Client(sys.argv[1], spool=False)
client.send(sys.argv[2], "x", delay=0)
client.worker(sys.argv[2]).run(lambda delivery: print("got", delivery.text, flush=True))
client.close()
print("ended", flush=True)
"""

ASYNCIO = """
import asyncio, sys, dlq.aio

async def main():
    async def handle(delivery):
        print("got", delivery.text, flush=True)

    async with dlq.aio.Client(sys.argv[1], spool=False) as client:
        await client.send(sys.argv[2], "x", delay=0)
        await client.worker(sys.argv[2]).run(handle)
    print("ended", flush=True)

asyncio.run(main())
"""

# A web server, for example, has its own handlers. Two workers, of which one ends before the signal.
WITH_HANDLERS = """
import asyncio, os, signal, sys, dlq.aio

def own(number, frame):
    os.write(1, b"own handler\\n")  # the signal may interrupt a print

def in_loop():
    print("in loop", flush=True)

async def main():
    async def handle(delivery):
        print("got", delivery.text, flush=True)

    signal.signal(signal.SIGINT, own)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, in_loop)
    former = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    async with dlq.aio.Client(sys.argv[1], spool=False) as client:
        first, second = client.worker("other"), client.worker(sys.argv[2])
        running = [asyncio.create_task(one.run(handle)) for one in (first, second)]
        await client.send(sys.argv[2], "x", delay=0)
        while first._core is None:
            await asyncio.sleep(0.01)
        await first.stop()
        await asyncio.gather(*running)
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == former
    print("ended", flush=True)

asyncio.run(main())
"""


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("program", "handled"),
    [(SYNC, {}), (ASYNCIO, {}), (WITH_HANDLERS, {"SIGINT": "own handler", "SIGTERM": "in loop"})],
    ids=["threads", "asyncio", "with handlers"],
)
def test_a_signal_ends_run_in_order(
    server: LocalServer, queue: str, program: str, handled: dict[str, str], number: signal.Signals
) -> None:
    running = subprocess.Popen(
        [sys.executable, "-c", program, server.target, queue], stdout=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout is not None
        assert running.stdout.readline() == "got x\n"
        running.send_signal(number)
        output, _ = running.communicate(timeout=60)
    finally:
        running.kill()
    lines = [handled[number.name]] if handled else []
    assert output.splitlines() == [*lines, "ended"]
    assert running.returncode == 0


def test_a_worker_runs_in_a_thread_without_signals(fake: FakeServer) -> None:
    former = signal.getsignal(signal.SIGTERM)

    async def main() -> None:
        async with dlq.aio.Client(fake.target, spool=False) as client:
            await client.send("q", "x")
            worker = client.worker("q")

            async def handle(_: dlq.Delivery) -> None:
                assert signal.getsignal(signal.SIGTERM) is former
                await worker.stop()

            await worker.run(handle)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, main()).result(60)
    assert [one.state for one in fake.messages("q")] == ["SUCCEEDED"]
