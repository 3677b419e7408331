"""One worker for each queue, stopped when it has no users any more."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from ..aio.client import Client
from ..aio.worker import AsyncHandler, Worker
from ..delivery import Delivery
from ..worker_options import SettledDelivery


class QueueWorkers:
    """Runs one worker per queue while it has users. Counts acquire and release."""

    def __init__(
        self,
        client: Client,
        handler: AsyncHandler,
        on_settled: Callable[[Delivery, SettledDelivery], object],
    ) -> None:
        self._client = client
        self._handler = handler
        self._on_settled = on_settled
        self._users: Counter[str] = Counter()
        self._workers: dict[str, Worker] = {}
        self._lock = asyncio.Lock()

    async def acquire(self, queue: str) -> None:
        """Starts the worker of a queue, unless it runs."""
        async with self._lock:
            if queue not in self._workers:
                worker = self._client.worker(queue, prefetch=0, on_settled=self._on_settled)
                self._workers[queue] = await worker.start(self._handler)
            self._users[queue] += 1

    async def release(self, queue: str) -> None:
        """Stops the worker after its last user has called this. Waits for handlers and their outcomes."""
        async with self._lock:
            self._users[queue] -= 1
            worker = self._workers.pop(queue) if self._users[queue] == 0 else None
        if worker is not None:
            await worker.stop()
