"""Stores messages that can't be sent now, and sends them when the service is available again."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from dlq.v1.dlq_service_pb2 import SendToDlqRequest, SendToDlqResponse

from .._core.backoff import Backoff
from .._core.call_error import CallError
from .._core.log import log as _log
from .._core.send_queue import Answer
from .._engine.connection import CallFailed, ReconnectingChannel
from .._engine.sender import OnAccepted, call_batch
from .._engine.serial_thread import SerialThread
from ..errors import DlqClientError
from ..status import SpoolUsage
from .call_size import CallSize
from .deferred import DeferredMessages, Position
from .owner import TOUCH_EVERY_S
from .spool_store import SpooledMessage, SpoolStore, StoredNow
from .spool_warning import SpoolWarning

_T = TypeVar("_T")

_RECOVER_EVERY_S = 30.0
_FIRST_BACKOFF_S = 0.1
_MAX_BACKOFF_S = 30.0
_FAULT_PAUSE_S = 10.0
_MAX_MESSAGES = 100
"""Of one call."""
_TRY_TIMEOUT_S = 5.0
_MAX_REST_S = 2.0
"""How long a close waits for the spool while the service answers."""


class SpoolSender:
    """All methods must be called in the engine's loop. The disk is accessed in a thread, so that a slow
    disk delays neither deadlines nor leases."""

    def __init__(
        self,
        make_store: Callable[[], SpoolStore],
        channel: ReconnectingChannel,
        warning: SpoolWarning,
        on_dropped: Callable[[DlqClientError, str], None],
    ) -> None:
        self._thread = SerialThread("dlq-spool")
        self._make_store = make_store
        self._store: SpoolStore | None = None
        self._stored = StoredNow()
        self._channel = channel
        self._warning = warning
        self._on_dropped = on_dropped
        self._backoff = Backoff(_FIRST_BACKOFF_S, _MAX_BACKOFF_S)
        self._size = CallSize()
        self._deferred = DeferredMessages(_FIRST_BACKOFF_S, _MAX_BACKOFF_S)
        self._has_work = asyncio.Event()
        self._wake = asyncio.Event()
        self._passed = asyncio.Event()
        """All that can be sent now was sent, or a call failed."""
        self.on_available: Callable[[], None] = lambda: None
        """Called when the service has answered."""
        self.on_unavailable: Callable[[float, float, CallError], None] = lambda *_: None
        """Called when it was not reached: with the start of the call, the time now, and the error."""
        self.on_accepted: OnAccepted | None = None
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._run_forever(work))
            for work in (self._send_all, self._recover_orphans, self._touch_files)
        ]

    @property
    def usage(self) -> SpoolUsage:
        """Of now. May be read in any thread."""
        stored = self._stored
        age_s = 0.0 if stored.oldest_at is None else time.time() - stored.oldest_at
        age = timedelta(seconds=max(0.0, age_s))
        return SpoolUsage(stored.messages, stored.bytes, age)

    async def append(self, request: SendToDlqRequest) -> bool:
        """Returns whether the message is on disk. Raises DlqClientError if it could not be stored."""
        durable = await self._with_store(lambda store: store.append(request))
        self._has_work.set()
        return durable

    async def warn(self, error: CallError | None) -> None:
        """Logs why messages wait, and returns when the line is written. See SpoolWarning."""
        self._warning.warn(self._stored.messages, error)
        await self._warning.wait_written()

    def flush_now(self) -> None:
        """The service is available: send without waiting for the backoff."""
        self._backoff.reset()
        self._wake.set()

    async def send_rest(self, timeout_s: float | None, is_failing: Callable[[], bool]) -> None:
        """Makes a last pass over the spool and that of ended processes: a program that runs for a moment may always
        end before its first one."""
        limit_s = _MAX_REST_S if timeout_s is None else min(timeout_s, _MAX_REST_S)
        until = time.monotonic() + limit_s
        await self._with_store(lambda store: store.recover_orphans())
        while self._stored.messages > 0 and not is_failing() and time.monotonic() < until:
            if len(self._deferred.skipped()) >= self._stored.messages:
                return
            self._passed.clear()
            self.flush_now()
            await _first_of(until - time.monotonic(), self._passed)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        lost = await self._with_store(lambda store: store.in_memory_count)
        if lost:
            text = f"{lost} messages that were kept in memory are lost with this client"
            self._on_dropped(DlqClientError("closed", text, maybe_stored=True), "")
        self._warning.stay(self._stored.messages - lost)
        await self._with_store(lambda store: store.close())
        self._thread.stop()

    async def _with_store(self, act: Callable[[SpoolStore], _T]) -> _T:
        def on_thread() -> _T:
            if self._store is None:
                self._store = self._make_store()
            try:
                return act(self._store)
            finally:
                self._stored = self._store.stored_now

        return await asyncio.wrap_future(self._thread.submit(on_thread))

    async def _run_forever(self, work: Callable[[], Awaitable[None]]) -> None:
        """Restarts the work after any fault, of the disk or of this code."""
        while True:
            try:
                await work()
            except Exception:
                _log.exception("dlq: the spool failed; retrying in %g s", _FAULT_PAUSE_S)
                await asyncio.sleep(_FAULT_PAUSE_S)

    async def _recover_orphans(self) -> None:
        while True:
            if await self._with_store(lambda store: store.recover_orphans()):
                self._has_work.set()
            await asyncio.sleep(_RECOVER_EVERY_S)

    async def _touch_files(self) -> None:
        while True:
            await asyncio.sleep(TOUCH_EVERY_S)
            await self._with_store(lambda store: store.touch())

    async def _send_all(self) -> None:
        while True:
            self._has_work.clear()
            self._wake.clear()
            messages = await self._oldest(self._deferred.skipped())
            if not messages:
                self._passed.set()
                self._deferred.rest()
                await _first_of(self._deferred.wait_s, self._has_work, self._wake)
            elif not await self._send(messages):
                self._passed.set()
                self._deferred.rest()  # a failed call must not delay deferred messages
                await _first_of(self._backoff.next_s(), self._wake)

    async def _oldest(self, skipped: set[Position]) -> list[SpooledMessage]:
        return await self._with_store(
            lambda store: store.oldest(_MAX_MESSAGES, self._size.bytes, skipped)
        )

    async def _send(self, messages: list[SpooledMessage]) -> bool:
        """Returns whether the service has answered."""
        began_at = time.monotonic()
        try:
            requests = [message.request for message in messages]
            answers = await call_batch(self._channel, requests, _TRY_TIMEOUT_S)
        except CallFailed as failed:
            error = failed.error
            if error.is_retryable or not (error.is_final or error.is_worth_splitting):
                if error.is_unavailable:
                    self.on_unavailable(began_at, time.monotonic(), error)
                    if not error.never_arrived:
                        self._size.on_timeout()
                else:
                    self.on_available()  # a refusal is an answer, too
                self._warning.warn(self._stored.messages, error)
                return False
            if len(messages) > 1 and error.is_worth_splitting:
                middle = len(messages) // 2  # one message may be the reason
                return await self._send(messages[:middle]) and await self._send(messages[middle:])
            answers = [error for _ in messages]
        self.on_available()
        self._backoff.reset()
        self._size.on_answer(time.monotonic() - began_at)
        self._deferred.on_tried(len(messages))
        done = [one for one, answer in zip(messages, answers) if self._is_done(one, answer)]
        await self._with_store(lambda store: store.remove(done))
        if self._stored.messages == 0:
            self._warning.emptied()
        return True

    def _is_done(self, message: SpooledMessage, answer: Answer) -> bool:
        if isinstance(answer, SendToDlqResponse):
            if self.on_accepted is not None:
                self.on_accepted(message.request, answer)
            return True
        if answer.is_final:
            # A try may have been made before the message was spooled.
            error = answer.as_client_error(was_maybe_stored=True)
            self._on_dropped(error, message.request.queue)
            return True
        self._warning.warn(self._stored.messages, answer)
        # A refused message must not hold up the others.
        self._deferred.add((message.file, message.offset))
        return False


async def _first_of(timeout_s: float, *events: asyncio.Event) -> None:
    tasks = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        timeout = None if math.isinf(timeout_s) else max(0.0, timeout_s)
        await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
