"""Programs with gevent."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from dlq.testing import LocalServer

Start = Callable[[str], "subprocess.Popen[str]"]

PATCHED = """
from gevent import monkey
monkey.patch_all()
"""

INITIALIZED = """
from grpc.experimental.gevent import init_gevent
init_gevent()
"""

PROGRAM = """
import sys, gevent, dlq
target, queue = sys.argv[1:]
ticks = 0

def tick():
    global ticks
    while True:
        gevent.sleep(0.01)
        ticks += 1

def handle(delivery):
    before = ticks
    gevent.sleep(0.2)
    assert ticks > before
    print("got", delivery.text, flush=True)

gevent.spawn(tick)
with dlq.Client(target, spool=False) as client:
    sends = [gevent.spawn(client.send, queue, "x", delay=0) for _ in range(20)]
    gevent.joinall(sends)
    assert {one.value.status for one in sends} == {"sent"}
    before = ticks
    client.worker(queue).run(handle)
    assert ticks > before
print("ended", flush=True)
"""


@pytest.fixture
def run(server: LocalServer, queue: str) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def start(program: str) -> subprocess.Popen[str]:
        args = [sys.executable, "-c", program, server.target, queue]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(args, stdout=pipe, stderr=pipe, text=True))
        return started[0]

    yield start
    started[0].kill()


def test_a_program_with_init_gevent_sends_and_works(run: Start) -> None:
    program = run(PATCHED + INITIALIZED + PROGRAM)
    lines = [program.stdout.readline() for _ in range(20)]
    assert lines == ["got x\n"] * 20, program.communicate(timeout=60)
    program.send_signal(signal.SIGTERM)
    output, errors = program.communicate(timeout=60)
    assert (output, program.returncode) == ("ended\n", 0), errors


def test_a_worker_without_init_gevent_is_refused(run: Start) -> None:
    program = run(PATCHED + PROGRAM)
    _, errors = program.communicate(timeout=60)
    assert "call grpc.experimental.gevent.init_gevent() before the first client is made" in errors
