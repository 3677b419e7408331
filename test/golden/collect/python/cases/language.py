"""Errors of Python itself."""

import asyncio
import concurrent.futures
import importlib
import os
import queue
import resource
import socket
import ssl
import subprocess

from ports import HOST, port


def connected(peer):
    return socket.create_connection((HOST, port(peer)), timeout=5)


def read_after(peer):
    with connected(peer) as sock:
        sock.sendall(b"hello")
        return sock.recv(1)


def broken_pipe():
    with connected("hangsUp") as sock:
        while True:
            sock.sendall(b"hello")


def slow_read():
    with socket.create_connection((HOST, port("silent")), timeout=0.05) as sock:
        sock.recv(1)


def handshake(peer):
    with connected(peer) as sock:
        ssl.create_default_context().wrap_socket(sock, server_hostname="shop.example")


def open_many():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 8, hard))
    held = []
    try:
        while True:
            held.append(open("/dev/null"))
    finally:
        for file in held:
            file.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))


def fill_disk():
    with open("/dev/full", "w") as file:
        file.write("x")


async def too_slow():
    await asyncio.wait_for(asyncio.sleep(5), 0.01)


async def cancelled():
    task = asyncio.current_task()
    task.cancel()
    await asyncio.sleep(1)


async def half_a_stream():
    reader = asyncio.StreamReader()
    reader.feed_data(b"abc")
    reader.feed_eof()
    await reader.readexactly(10)


def future_too_slow():
    concurrent.futures.Future().result(timeout=0.01)


def recurse():
    return recurse() + 1


def full_queue():
    one = queue.Queue(1)
    one.put_nowait(1)
    one.put_nowait(2)


def fail(error):
    raise error


def closed_file():
    file = open("/dev/null")
    file.close()
    file.read()


PYTHON = "python"
CASES = {
    "socket: refused": (PYTHON, "NETWORK_ERROR", lambda: connected("closed")),
    "socket: reset": (PYTHON, "NETWORK_ERROR", lambda: read_after("resets")),
    "socket: broken pipe": (PYTHON, "NETWORK_ERROR", broken_pipe),
    "socket: no such name": (
        PYTHON,
        "NETWORK_ERROR",
        lambda: socket.getaddrinfo("shop.invalid", 80),
    ),
    "socket: too slow": (PYTHON, "TIMEOUT", slow_read),
    "ssl: self-signed": (PYTHON, "NETWORK_ERROR", lambda: handshake("https")),
    "ssl: the peer speaks no TLS": (PYTHON, "NETWORK_ERROR", lambda: handshake("foreign")),
    "ssl: hung up during the handshake": (PYTHON, "NETWORK_ERROR", lambda: handshake("hangsUp")),
    "asyncio: too slow": (PYTHON, "TIMEOUT", lambda: asyncio.run(too_slow())),
    "asyncio: cancelled": (PYTHON, "UNKNOWN_ERROR", lambda: asyncio.run(cancelled())),
    "asyncio: half a stream": (PYTHON, "NETWORK_ERROR", lambda: asyncio.run(half_a_stream())),
    "asyncio: refused": (
        PYTHON,
        "NETWORK_ERROR",
        lambda: asyncio.run(asyncio.open_connection(HOST, port("closed"))),
    ),
    "futures: too slow": (PYTHON, "TIMEOUT", future_too_slow),
    "os: a missing file": (PYTHON, "EXECUTION_FAILED", lambda: open("/app/missing.json")),
    "os: a folder instead of a file": (PYTHON, "EXECUTION_FAILED", lambda: open("/")),
    "os: too many files": (PYTHON, "RESOURCE_EXHAUSTED", open_many),
    "os: a full disk": (PYTHON, "RESOURCE_EXHAUSTED", fill_disk),
    "subprocess: exit code 3": (
        PYTHON,
        "EXECUTION_FAILED",
        lambda: subprocess.run(["sh", "-c", "exit 3"], check=True),
    ),
    "subprocess: too slow": (PYTHON, "TIMEOUT", lambda: subprocess.run(["sleep", "5"], timeout=0.05)),
    "subprocess: no such program": (
        PYTHON,
        "EXECUTION_FAILED",
        lambda: subprocess.run(["no-such-program"]),
    ),
    "code: memory": (PYTHON, "RESOURCE_EXHAUSTED", lambda: bytearray(1 << 60)),
    "code: endless recursion": (PYTHON, "EXECUTION_FAILED", recurse),
    "code: a missing key": (PYTHON, "EXECUTION_FAILED", lambda: {}["user_id"]),
    "code: None": (PYTHON, "EXECUTION_FAILED", lambda: None.timeout),
    "code: an index": (PYTHON, "EXECUTION_FAILED", lambda: [][3]),
    "code: a wrong type": (PYTHON, "EXECUTION_FAILED", lambda: "5" + 5),
    "code: by zero": (PYTHON, "EXECUTION_FAILED", lambda: 1 / 0),
    "code: a name": (PYTHON, "EXECUTION_FAILED", lambda: missing),  # noqa: F821
    "code: a module": (PYTHON, "EXECUTION_FAILED", lambda: importlib.import_module("no_such_module")),
    "code: not implemented": (PYTHON, "EXECUTION_FAILED", lambda: fail(NotImplementedError())),
    "code: an assertion": (PYTHON, "EXECUTION_FAILED", lambda: fail(AssertionError("total >= 0"))),
    "code: a closed file": (PYTHON, "EXECUTION_FAILED", closed_file),
    "code: a full queue": (PYTHON, "RESOURCE_EXHAUSTED", full_queue),
    "code: something was raised": (
        PYTHON,
        "UNKNOWN_ERROR",
        lambda: fail(RuntimeError("order 17 could not be processed")),
    ),
    "code: exit": (PYTHON, "UNKNOWN_ERROR", lambda: fail(SystemExit(1))),
    "code: a group of errors": (
        PYTHON,
        "UNKNOWN_ERROR",
        lambda: fail(ExceptionGroup("unhandled errors in a TaskGroup", [ValueError("a"), OSError("b")])),
    ),
}
