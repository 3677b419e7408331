"""Programs that exit while a worker runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

import dlq
from dlq.testing import LocalServer
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


PROGRAM = """
import sys, dlq
client = dlq.Client(sys.argv[1], spool=False)
client.send(sys.argv[2], "x", delay=0)
client.worker(sys.argv[2]).run(lambda delivery: print("got", delivery.text, flush=True))
client.close()
print("ended", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_run_in_order(server: LocalServer, queue: str, number: int) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, server.target, queue], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "got x\n"
    program.send_signal(number)
    assert program.stdout.read() == "ended\n"
    assert program.wait(20) == 0
