"""A running worker, for sync and asyncio. A Runner runs its handlers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol

from dlq.v1 import dlq_service_pb2 as pb

from .._core.call_error import CallError
from .._core.safe_read import safe_str
from ..delivery import Delivery
from ..errors import DlqClientError
from ..outcome import Outcome, fail, outcome_of, outcomes_of, release, succeed
from ..worker_options import HandlerCalls, WorkerOptions
from .due_stream import DueStream
from .engine import Engine
from .handler_run import HandlerRun
from .lease_extender import LeaseExtender
from .outcome_reporter import OutcomeReporter, UnreportedOutcome
from .worker_reports import WorkerReports

if TYPE_CHECKING:
    from ..base_client import BaseClient

_SUCCEEDED = succeed()
_CANCEL_GRACE_S = 1.0
"""How long a cancelled handler may take to end, before its message is released."""
_MIN_REPORT_S = 1.0
_MAX_REPORT_S = 5.0
"""Bounds of the time in which a stopping worker reports outcomes; between them, the rest of the drain."""


class Runner(Protocol):
    """Runs handlers. Its methods are called in the engine's loop and must not block."""

    def start(self, run: HandlerRun) -> None:
        """Runs the handler, and then calls `WorkerCore.ended` from any thread."""

    def cancel(self, run: HandlerRun) -> None:
        """Cancels the handler."""


class WorkerCore:
    """Must be created and used in the engine's loop, except for `ended`."""

    def __init__(
        self,
        engine: Engine,
        client: BaseClient,
        options: WorkerOptions,
        calls: HandlerCalls,
        runner: Runner,
    ) -> None:
        self._options = options
        self._calls = calls
        self._client = client
        self._target = client._target
        self._runner = runner
        self._loop = engine.loop
        self._reports = WorkerReports(options)
        self._outcome_reporter = OutcomeReporter(
            engine.channel, self._on_answered, self._on_given_up
        )
        self._leases = LeaseExtender(
            engine.channel,
            self._on_lease_lost,
            lambda error: self._reports.call_failed(error.as_client_error()),
        )
        self._stream = DueStream(
            engine.connect,
            options.request(calls),
            on_opened=self._on_opened,
            on_deliveries=self._take,
            on_broken=self._reports.call_failed,
            before_resume=self._leases.release_unreceived,
        )
        self._running: dict[Delivery, HandlerRun] = {}
        self._ended_runs: list[tuple[HandlerRun, list[Outcome]]] = []
        """Of handlers that have ended since the last step of the loop, which one wake-up takes together."""
        self._is_ended_scheduled = False
        self._ended_lock = threading.Lock()
        self._running_handlers = 0
        self._waiting: deque[Delivery] = deque()
        self._all_ended = asyncio.Event()
        self._all_ended.set()
        self._stopping: asyncio.Task[None] | None = None
        self._stop_at = float("inf")
        self._stop_at_changed = asyncio.Event()
        self._is_cancelling = False
        self.done: Future[None] = Future()
        """Has an exception if the server refuses the worker's stream."""
        engine.workers.add(self)
        self._engine = engine
        self._end = self._loop.create_task(self._until_done())

    def stop(self, timeout_s: float | None = None) -> None:
        """Takes no more messages, waits for handlers, reports their outcomes, and releases the rest. A
        second call can only shorten the timeout."""
        drain_s = self._options.drain_timeout if timeout_s is None else timeout_s
        self._stop_at = min(self._stop_at, time.monotonic() + drain_s)
        self._stop_at_changed.set()
        if self._stopping is None:
            self._stopping = self._loop.create_task(self._drain())

    def ended(self, run: HandlerRun, returned: object, error: BaseException | None) -> None:
        """Called when a handler has returned or raised, in the handler's thread."""
        pending = run.pending_forwarding()
        if pending is not None:  # if it is dropped, the delivery fails
            pending.add_done_callback(lambda _: self.ended(run, returned, error))
            return
        for delivery in run.deliveries:
            delivery._end()
        outcomes = self._outcomes_of(run, returned, error)
        run.end(outcomes)
        for delivery, outcome in zip(run.deliveries, outcomes):
            self._client._metrics.handled(delivery.queue, outcome, run.ran_s)
        with self._ended_lock:
            self._ended_runs.append((run, outcomes))
            if self._is_ended_scheduled:
                return
            self._is_ended_scheduled = True
        try:
            self._loop.call_soon_threadsafe(self._take_ended)
        except RuntimeError:
            pass  # the client was closed, and the messages released

    def _outcomes_of(
        self, run: HandlerRun, returned: object, error: BaseException | None
    ) -> list[Outcome]:
        """Returns the outcome of each delivery, when their forwardings have ended."""
        given: Sequence[Outcome | None] = [None] * len(run.deliveries)
        if error is None:
            try:
                given = (
                    outcomes_of(returned, len(given))
                    if self._calls.is_batch
                    else [outcome_of(returned)]
                )
            except Exception as no_outcome:  # what was returned may itself raise
                error = no_outcome
        if self._is_cancelling:
            ended = release()  # the handler may have given up: it has neither succeeded nor failed
        elif error is None:
            ended = _SUCCEEDED
        else:
            failed = [one for one in run.deliveries if not one.cancelled]
            if failed:
                self._reports.handler_failed(failed, error)
            ended = fail(error)
        outcomes: list[Outcome] = []
        for one, delivery in zip(given, run.deliveries):
            outcome = one or ended
            # What the handler raised counts, not that a send to another queue was dropped.
            sent = delivery._sent_outcome if error is None else delivery._own_outcome
            # A message that the handler sent has failed, whatever it returns as success.
            if sent and (one.kind == "succeeded" if one else not self._is_cancelling):
                outcome = sent
            outcomes.append(outcome)
        return outcomes

    async def _until_done(self) -> None:
        failure: DlqClientError | None = None
        try:
            await self._stream.done
        except Exception as error:  # also a bug of this client: callers must not wait forever
            failure = error if isinstance(error, DlqClientError) else _worker_error(error)
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
        self._outcome_reporter.lease_s = lease_s
        self._leases.set_lease(lease_s)
        self._reports.stream_opened()

    def _take(self, deliveries: Iterable[pb.Delivery]) -> None:
        now = time.monotonic()
        for raw in deliveries:
            delivery = Delivery(raw, self._target, now)
            self._leases.held.add(delivery)
            self._waiting.append(delivery)
        self._start_waiting()

    def _start_waiting(self) -> None:
        if self._stopping is not None:
            return
        while self._running_handlers < self._calls.concurrency and (batch := self._next_batch()):
            run = HandlerRun(batch)
            self._running.update(dict.fromkeys(batch, run))
            self._running_handlers += 1
            self._all_ended.clear()
            self._runner.start(run)

    def _next_batch(self) -> list[Delivery]:
        batch: list[Delivery] = []
        while self._waiting and len(batch) < self._calls.batch_size:
            delivery = self._waiting.popleft()
            if not delivery._is_lost:
                batch.append(delivery)
        return batch

    def _take_ended(self) -> None:
        with self._ended_lock:
            self._is_ended_scheduled = False
            ended, self._ended_runs = self._ended_runs, []
        for run, outcomes in ended:
            self._running_handlers -= 1
            for delivery, outcome in zip(run.deliveries, outcomes):
                del self._running[delivery]
                try:
                    self._settle(delivery, outcome)
                except Exception as fault:  # of this outcome: the others count
                    error = CallError("INTERNAL", f"{type(fault).__name__}: {safe_str(fault)}")
                    self._on_given_up(UnreportedOutcome(delivery, outcome, pb.Outcome()), error)
        if not self._running:
            self._all_ended.set()
        self._start_waiting()

    def _settle(self, delivery: Delivery, outcome: Outcome) -> None:
        if delivery._is_closed:
            return
        delivery._is_closed = True
        if not delivery._is_lost:
            self._outcome_reporter.add(delivery, outcome)

    def _on_answered(self, one: UnreportedOutcome, result: pb.AckResult) -> None:
        self._leases.held.remove(one.delivery)
        self._reports.answered(one, result)

    def _on_given_up(self, one: UnreportedOutcome, error: object) -> None:
        self._leases.held.remove(one.delivery)
        self._reports.given_up(one, error)  # type: ignore[arg-type]

    def _on_lease_lost(self, delivery: Delivery) -> None:
        self._leases.held.remove(delivery)
        if delivery._is_closed:
            return  # its outcome is being reported
        delivery._is_lost = True
        text = f"the lease of message {delivery.id} is lost; its outcome will not count"
        delivery._cancel()
        run = self._running.get(delivery)
        if run is not None and run.is_cancelled:
            self._runner.cancel(run)
        self._reports.error(DlqClientError("lease-lost", text), delivery)

    async def _drain(self) -> None:
        self._stream.close()
        while self._waiting:
            self._settle(self._waiting.popleft(), release())
        while self._running and (left_s := self._stop_at - time.monotonic()) > 0:
            self._stop_at_changed.clear()
            await _first_of(left_s, self._all_ended.wait(), self._stop_at_changed.wait())
        if self._running:
            self._is_cancelling = True
            self._reports.handlers_cancelled(self._running)
            for delivery in self._running:
                delivery._cancel()
            for run in set(self._running.values()):
                self._runner.cancel(run)
            await _first_of(_CANCEL_GRACE_S, self._all_ended.wait())
            for delivery in list(self._running):
                self._settle(delivery, release())
        left_s = self._stop_at - time.monotonic()
        report_s = min(max(left_s, _MIN_REPORT_S), _MAX_REPORT_S)
        if await _first_of(report_s, self._outcome_reporter.flush()):
            released = self._leases.release_unreceived(self._stream.session_id)
            await _first_of(_MIN_REPORT_S, released)
        else:
            await self._outcome_reporter.abandon()
        self._leases.stop()


def _worker_error(cause: Exception) -> DlqClientError:
    error = DlqClientError("connection", f"the worker failed: {cause!r}; start another one")
    error.__cause__ = cause
    return error


async def _first_of(timeout_s: float, *waits: object) -> bool:
    """Returns whether one of them ended in time."""
    tasks = [asyncio.ensure_future(one) for one in waits]  # type: ignore[call-overload]
    done, late = await asyncio.wait(tasks, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    for task in late:
        task.cancel()
    return bool(done)
