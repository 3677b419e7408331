"""The history of an actor: JSON lines, described in test/faults/history/event.ts.

A line is written before its action begins, without a buffer. A killed process loses its last line at most.
"""

import json
import os
import threading
import time
import uuid

from google.protobuf.timestamp_pb2 import Timestamp


class History:
    """The history file of an actor. Thread-safe."""

    def __init__(self, path: str, actor: str, role: str):
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._lock = threading.Lock()
        self.write("started", actor=actor, role=role, language="python")

    def write(self, event: str, **fields: object) -> None:
        with self._lock:  # also around the clock, so that lines are ordered by time
            entry = {"e": event, "at": now_ms(), **fields}
            line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
            written = os.write(self._file, line)
        if written != len(line):
            raise OSError(f"wrote {written} of {len(line)} bytes of a line: is the disk full?")


def now_ms() -> float:
    return time.time() * 1000


def ms_of(instant: Timestamp) -> float:
    return instant.seconds * 1000 + instant.nanos / 1_000_000


def new_request() -> str:
    return str(uuid.uuid4())
