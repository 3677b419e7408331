"""A running worker, but for how handlers run: that is the shell's."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Protocol

from dlq.v1 import dlq_service_pb2 as pb

from ..delivery import Delivery
from ..errors import DlqClientError
from ..outcome import Outcome, fail, release, succeed
from ..worker_options import WorkerOptions
from .acks import Acks, Unreported
from .due_stream import DueStream
from .engine import Engine
from .leases import Leases
from .reports import Reports

_CANCEL_GRACE_S = 1.0
"""How long a cancelled handler may take to end, before its message is given back."""
_LEAST_REPORT_S = 1.0
_MOST_REPORT_S = 5.0
"""How long a worker that stops waits for the answers to its outcomes: what is left, within these."""


class Runner(Protocol):
    """Runs handlers. Called in the engine's loop; must not block."""

    def start(self, held: Delivery) -> None:
        """Runs the handler, and then calls `WorkerCore.ended` from wherever it is."""

    def cancel(self, held: Delivery) -> None:
        """Asks the handler to end."""


class WorkerCore:
    """Made and used in the engine's loop, save for `ended`."""

    def __init__(
        self, engine: Engine, client: object, options: WorkerOptions, runner: Runner
    ) -> None:
        self._options = options
        self._client = client
        self._runner = runner
        self._loop = engine.loop
        self._reports = Reports(options)
        self._acks = Acks(engine.line, self._on_answered, self._on_given_up)
        self._leases = Leases(
            engine.line, self._lose, lambda error: self._reports.error(error.refusal())
        )
        self._stream = DueStream(
            engine.connect,
            options.request,
            on_opened=self._on_opened,
            on_deliveries=self._take,
            on_broken=self._reports.error,
            before_resume=self._leases.release_strays,
        )
        self._running: set[Delivery] = set()
        self._waiting: deque[Delivery] = deque()
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping: asyncio.Task[None] | None = None
        self._stop_at = float("inf")
        self._is_hurried = asyncio.Event()
        self._is_giving_up = False
        self.done: Future[None] = Future()
        """Has an exception if the server refuses what the worker asks for."""
        engine.workers.add(self)
        self._engine = engine
        self._end = self._loop.create_task(self._until_done())

    def stop(self, timeout_s: float | None = None) -> None:
        """Takes nothing new, waits for handlers, reports their outcomes, gives the rest back. Called
        again it can only hasten the end."""
        drain_s = self._options.drain_timeout if timeout_s is None else timeout_s
        self._stop_at = min(self._stop_at, time.monotonic() + drain_s)
        self._is_hurried.set()
        if self._stopping is None:
            self._stopping = self._loop.create_task(self._drain())

    def ended(self, held: Delivery, given: object, error: BaseException | None) -> None:
        """From the handler's thread: what it returned or raised. The failure is looked at there."""
        outcome: Outcome
        if error is not None:
            # Cancelled because the worker stops: no fault of the message.
            outcome = release() if self._is_giving_up else held._sent or fail(error)
        else:
            outcome = given if isinstance(given, Outcome) else held._sent or succeed()
        try:
            self._loop.call_soon_threadsafe(self._ended, held, outcome)
        except RuntimeError:
            pass  # the client was closed, and the message given back

    async def _until_done(self) -> None:
        failure: DlqClientError | None = None
        try:
            await self._stream.done
        except Exception as error:  # also one of ours: nobody must wait for a worker that is none
            failure = error if isinstance(error, DlqClientError) else _ended_by(error)
            self._reports.error(failure)
            self.stop()
        if self._stopping is not None:
            await self._stopping
        self._reports.close()
        self._engine.workers.discard(self)
        if failure is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(failure)

    def _on_opened(self, lease_s: float) -> None:
        self._acks.lease_s = lease_s
        self._leases.set_lease(lease_s)

    def _take(self, deliveries: Iterable[pb.Delivery]) -> None:
        now = time.monotonic()
        for raw in deliveries:
            held = Delivery(raw, self._client, now)
            self._leases.book.add(held)
            self._waiting.append(held)
        self._start_waiting()

    def _start_waiting(self) -> None:
        while (
            self._waiting
            and self._stopping is None
            and len(self._running) < self._options.concurrency
        ):
            held = self._waiting.popleft()
            if held._is_lost:
                continue
            self._running.add(held)
            self._idle.clear()
            self._runner.start(held)

    def _ended(self, held: Delivery, outcome: Outcome) -> None:
        self._running.discard(held)
        self._settle(held, outcome)
        if not self._running:
            self._idle.set()
        self._start_waiting()

    def _settle(self, held: Delivery, outcome: Outcome) -> None:
        if held._is_closed:
            return
        held._is_closed = True
        if not held._is_lost:
            self._acks.add(held, outcome)

    def _on_answered(self, one: Unreported, result: pb.AckResult) -> None:
        self._leases.book.remove(one.held)
        self._reports.answered(one, result)

    def _on_given_up(self, one: Unreported, error: object) -> None:
        self._leases.book.remove(one.held)
        self._reports.given_up(one, error)  # type: ignore[arg-type]

    def _lose(self, held: Delivery) -> None:
        self._leases.book.remove(held)
        if held._is_closed:
            return  # its outcome is on the way, and the answer will tell
        held._is_lost = True
        words = f"the lease of message {held.id} is lost; its outcome will not count"
        self._cancel(held)
        self._reports.error(DlqClientError("lease-lost", words), held)

    def _cancel(self, held: Delivery) -> None:
        held.cancelled.set()
        if held in self._running:
            self._runner.cancel(held)

    async def _drain(self) -> None:
        self._stream.close()
        while self._waiting:
            self._settle(self._waiting.popleft(), release())
        while self._running and (left_s := self._stop_at - time.monotonic()) > 0:
            self._is_hurried.clear()
            await _first_of(left_s, self._idle.wait(), self._is_hurried.wait())
        if self._running:
            self._is_giving_up = True
            for held in list(self._running):
                self._cancel(held)
            await _first_of(_CANCEL_GRACE_S, self._idle.wait())
            for held in list(self._running):
                self._settle(held, release())
        left_s = self._stop_at - time.monotonic()
        report_s = min(max(left_s, _LEAST_REPORT_S), _MOST_REPORT_S)
        if await _first_of(report_s, self._acks.flush()):
            await _first_of(_LEAST_REPORT_S, self._leases.release_strays(self._stream.session_id))
        else:
            await self._acks.abandon()
        self._leases.stop()


def _ended_by(cause: Exception) -> DlqClientError:
    error = DlqClientError("connection", f"the worker has ended: {cause!r}; start another one")
    error.__cause__ = cause
    return error


async def _first_of(timeout_s: float, *waits: object) -> bool:
    """Whether one of them came to its end in time."""
    tasks = [asyncio.ensure_future(one) for one in waits]  # type: ignore[call-overload]
    done, late = await asyncio.wait(tasks, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    for task in late:
        task.cancel()
    return bool(done)
