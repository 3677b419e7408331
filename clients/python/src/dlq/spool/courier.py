"""Keeps what can't be sent, and delivers it when the service is back."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from dlq.v1.dlq_service_pb2 import SendToDlqRequest, SendToDlqResponse

from .._core.backoff import Backoff
from .._core.call_error import CallError
from .._core.log import log as _log
from .._core.send_book import Answer
from .._engine.connection import CallFailed, Line
from .._engine.sender import call_batch
from .._engine.serial_thread import SerialThread
from ..errors import DlqClientError
from .call_size import CallSize
from .deferred import Deferred, Place
from .owner import TOUCH_EVERY_S
from .spool import Kept, Spool
from .waiting_log import WaitingLog

_T = TypeVar("_T")

_ADOPT_EVERY_S = 30.0
_FIRST_PAUSE_S = 0.1
_MOST_PAUSE_S = 30.0
_FAULT_PAUSE_S = 10.0
_MOST_LETTERS = 100
_TRY_TIMEOUT_S = 5.0


class Courier:
    """Lives in the engine's loop. The disk is touched in a thread of its own: one that stalls must not
    hold up deadlines and leases."""

    def __init__(
        self,
        make_spool: Callable[[], Spool],
        line: Line,
        on_dropped: Callable[[DlqClientError, str], None],
    ) -> None:
        self._thread = SerialThread("dlq-spool")
        self._make_spool = make_spool
        self._spool: Spool | None = None
        self._line = line
        self._on_dropped = on_dropped
        self._backoff = Backoff(_FIRST_PAUSE_S, _MOST_PAUSE_S)
        self._size = CallSize()
        self._deferred = Deferred(_FIRST_PAUSE_S, _MOST_PAUSE_S)
        self.log: WaitingLog = WaitingLog()
        self._has_work = asyncio.Event()
        self._wake = asyncio.Event()
        self.on_heard: Callable[[], None] = lambda: None
        """Told when the service has answered."""
        self.on_unheard: Callable[[float, float, CallError], None] = lambda *_: None
        """Told when it could not be reached: when the call began, now, and how it failed."""
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._keep_up(work))
            for work in (self._deliver, self._adopt, self._touch)
        ]

    async def keep(self, request: SendToDlqRequest) -> bool:
        """Whether it is on the disk. Raises DlqClientError if it could not be kept."""
        durable = await self._do(lambda spool: spool.append(request))
        self._has_work.set()
        return durable

    def hurry(self) -> None:
        """The service is known to be there."""
        self._backoff.reset()
        self._wake.set()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        left = await self._do(lambda spool: spool.memory_letters)
        if left:
            words = f"{left} messages that were kept in memory are lost with this client"
            self._on_dropped(DlqClientError("closed", words, maybe_stored=True), "")
        await self._do(lambda spool: spool.close())
        self._thread.stop()
        await self.log.told()
        self.log.close()

    async def _do(self, act: Callable[[Spool], _T]) -> _T:
        def on_thread() -> _T:
            if self._spool is None:
                self._spool = self._make_spool()
            return act(self._spool)

        return await asyncio.wrap_future(self._thread.submit(on_thread))

    async def _keep_up(self, work: Callable[[], Awaitable[None]]) -> None:
        """A fault of the disk, or of ours, must not end it for as long as the process lives."""
        while True:
            try:
                await work()
            except Exception:
                _log.exception("dlq: a fault in the spool; it goes on")
                await asyncio.sleep(_FAULT_PAUSE_S)

    async def _adopt(self) -> None:
        while True:
            if await self._do(lambda spool: spool.adopt()):
                self._has_work.set()
            await asyncio.sleep(_ADOPT_EVERY_S)

    async def _touch(self) -> None:
        while True:
            await asyncio.sleep(TOUCH_EVERY_S)
            await self._do(lambda spool: spool.touch())

    async def _deliver(self) -> None:
        while True:
            self._has_work.clear()
            self._wake.clear()
            letters = await self._oldest(self._deferred.skipped())
            if not letters:
                self._deferred.rest()
                await _first_of(self._deferred.wait_s, self._has_work, self._wake)
            elif not await self._try(letters):
                self._deferred.rest()  # what fails must not hold them up
                await _first_of(self._backoff.next_s(), self._wake)

    async def _oldest(self, skipped: set[Place]) -> list[Kept]:
        return await self._do(lambda spool: spool.oldest(_MOST_LETTERS, self._size.bytes, skipped))

    async def _try(self, letters: list[Kept]) -> bool:
        """Whether the service has answered."""
        began_at = time.monotonic()
        try:
            requests = [letter.request for letter in letters]
            answers = await call_batch(self._line, requests, _TRY_TIMEOUT_S)
        except CallFailed as failed:
            error = failed.error
            if error.is_worth_again or not (error.is_final or error.is_of_the_whole_call):
                if error.is_away:
                    self.on_unheard(began_at, time.monotonic(), error)
                    if not error.never_arrived:
                        self._size.unanswered()
                else:
                    self.on_heard()  # that it refuses is an answer, too
                self.log.tell_of(error)
                return False
            if len(letters) > 1 and error.is_of_the_whole_call:
                middle = len(letters) // 2  # one of them spoils it for all
                return await self._try(letters[:middle]) and await self._try(letters[middle:])
            answers = [error for _ in letters]
        self.on_heard()
        self._backoff.reset()
        self._size.answered(time.monotonic() - began_at)
        self._deferred.tried(len(letters))
        done = [letter for letter, answer in zip(letters, answers) if self._is_done(letter, answer)]
        await self._do(lambda spool: spool.done(done))
        return True

    def _is_done(self, letter: Kept, answer: Answer) -> bool:
        if isinstance(answer, SendToDlqResponse):
            return True
        if answer.is_final:
            # Before it was kept, a try may have gone out.
            self._on_dropped(answer.refusal(was_maybe_stored=True), letter.request.queue)
            return True
        self.log.tell_of(answer)
        # What one is refused for must not hold up the others.
        self._deferred.add((letter.file, letter.offset))
        return False


async def _first_of(timeout_s: float, *events: asyncio.Event) -> None:
    tasks = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        timeout = None if math.isinf(timeout_s) else max(0.0, timeout_s)
        await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
