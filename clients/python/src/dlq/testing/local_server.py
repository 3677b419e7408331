"""A real server for the duration of a test."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from pathlib import Path

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 30.0


class LocalServer:
    """On free loopback ports, with its own data. A restart keeps data and addresses."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = command
        self._environment = environment
        # Directly below /tmp: the path of the unix socket in it must be shorter than 108 bytes.
        self._data = Path(
            tempfile.mkdtemp(prefix="dlq-", dir="/tmp" if os.name == "posix" else None)
        )
        self._process: subprocess.Popen[str] | None = None
        self._output: list[str] = []
        self.target: str = f"127.0.0.1:{_free_port()}"

    def start(self) -> None:
        """Starts the server and waits until it serves."""
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": os.environ.get("HOME", str(self._data)),
            "DLQ_LISTEN_GRPC": self.target,
            "DLQ_LISTEN_HTTP": "127.0.0.1:0",
            "DLQ_DATA_DIR": str(self._data),
            "DLQ_LOG_FORMAT": "json",
            "DLQ_DRAIN_GRACE": "200ms",
            **self._environment,
        }
        self._process = subprocess.Popen(
            [*self._command, "serve"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        serves: Future[bool] = Future()
        threading.Thread(target=self._read, args=(self._process, serves), daemon=True).start()
        if not (wait([serves], _START_TIMEOUT_S).done and serves.result()):
            self.stop()
            raise RuntimeError("the server did not start:\n" + "".join(self._output[-40:]))

    def stop(self) -> None:
        """Stops the server in order. Keeps its data."""
        self._end(lambda process: process.terminate())

    def kill(self) -> None:
        """Kills the server. The store keeps its data."""
        self._end(lambda process: process.kill())

    def remove(self) -> None:
        """Stops the server and its store, and removes the data."""
        self.stop()
        for path in self._data.rglob("redis.sock"):
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as store:
                store.connect(str(path))
                store.sendall(b"SHUTDOWN NOSAVE\r\n")
                store.settimeout(_STOP_TIMEOUT_S)
                store.recv(64)
        shutil.rmtree(self._data, ignore_errors=True)

    def _end(self, signal: object) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        signal(process)  # type: ignore[operator]
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _read(self, process: subprocess.Popen[str], serves: Future[bool]) -> None:
        seen: set[object] = set()
        for line in process.stdout or ():
            self._output.append(line)
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                seen.add(entry.get("msg") if isinstance(entry, dict) else None)
            if {"listening", "the store is ready"} <= seen and not serves.done():
                serves.set_result(True)
        if not serves.done():
            serves.set_result(False)  # the process has ended


@contextlib.contextmanager
def local_server(
    command: Sequence[str] | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[LocalServer]:
    """Runs a server with empty data, and removes the data at the end.

    `command`: the command of the server's CLI. Default: `DLQ_SERVER_COMMAND`, for example
    `node dlq-service/src/main.mjs`; else `dlq-server` on the PATH. `environment`: settings (`DLQ_…`) of the server.
    """
    server = LocalServer(command or _command(), {**_settings(), **(environment or {})})
    try:
        server.start()
        yield server
    finally:
        server.remove()


def _command() -> Sequence[str]:
    given = os.environ.get("DLQ_SERVER_COMMAND")
    if given:
        return shlex.split(given)
    found = shutil.which("dlq-server")
    if found is None:
        raise RuntimeError(
            "no DLQ server found: set DLQ_SERVER_COMMAND, e.g. to 'node dlq-service/src/main.mjs'"
        )
    return [found]


def _settings() -> Mapping[str, str]:
    """The path of the redis-server program. Other variables of the tester are not passed on."""
    name = "DLQ_REDIS_SERVER"
    return {name: os.environ[name]} if name in os.environ else {}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
