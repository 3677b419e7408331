"""The history that an actor writes: one JSON object a line, as test/faults/history/event.ts says.

A line is written before the act that it announces, and at once, so that a process that is killed
loses its last line at most.
"""

import json
import os
import threading
import time
import uuid

from google.protobuf.timestamp_pb2 import Timestamp


class History:
    """An actor's file. Any thread may write."""

    def __init__(self, path: str, actor: str, role: str):
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._lock = threading.Lock()
        self.write("started", actor=actor, role=role, language="python")

    def write(self, event: str, **fields: object) -> None:
        with self._lock:  # the time is taken inside, so that lines are in the order of their times
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
