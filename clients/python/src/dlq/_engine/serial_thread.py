"""A thread that runs one job after another.

Executors of the standard library refuse jobs once the interpreter is ending. That is when pending sends
must go to the spool.
"""

from __future__ import annotations

import asyncio
import math
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

_T = TypeVar("_T")


class SerialThread:
    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = (
            queue.SimpleQueue()
        )
        self._ended = 0
        """How many jobs have ended."""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_current(self) -> bool:
        return threading.current_thread() is self._thread

    def submit(self, job: Callable[[], _T]) -> Future[_T]:
        future: Future[_T] = Future()
        self._jobs.put((future, job))
        return future

    async def wait(self, max_job_s: float, until: float = math.inf) -> None:
        """Waits for all earlier jobs, but for each only so long, and until this time of the monotonic clock."""
        last = asyncio.wrap_future(self.submit(lambda: None))
        ended = -1
        while not last.done() and ended != self._ended and time.monotonic() < until:
            ended = self._ended
            left_s = max(0.0, until - time.monotonic())
            await asyncio.wait([last], timeout=min(left_s, max_job_s))
        last.cancel()

    def stop(self) -> None:
        """Ends the thread after all submitted jobs."""
        self._jobs.put(None)

    def _run(self) -> None:
        while (one := self._jobs.get()) is not None:
            future, job = one
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(job())
            except BaseException as error:
                future.set_exception(error)
            self._ended += 1
