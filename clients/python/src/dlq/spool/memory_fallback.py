"""Keeps messages in memory when no file can be written. They are lost when the process ends."""

from __future__ import annotations

import time
from collections.abc import Iterator

from dlq.v1.dlq_service_pb2 import SendToDlqRequest


class MemoryFallback:
    def __init__(self) -> None:
        self._requests: dict[int, tuple[SendToDlqRequest, int, float]] = {}
        self._next = 0
        self.bytes: int = 0
        """Of all messages."""

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[tuple[int, SendToDlqRequest, int]]:
        """Yields position, request and size of each message, oldest first."""
        for position, (request, size, _) in self._requests.items():
            yield position, request, size

    @property
    def oldest_at(self) -> float | None:
        """When the oldest message was added, in seconds since 1970; None if there is none."""
        return next((added_at for _, _, added_at in self._requests.values()), None)

    def add(self, request: SendToDlqRequest, size: int) -> None:
        self._requests[self._next] = (request, size, time.time())
        self._next += 1
        self.bytes += size

    def remove(self, position: int) -> None:
        """Does nothing if the message was removed before."""
        if position in self._requests:
            self.bytes -= self._requests.pop(position)[1]
