"""Sends, from the moment they are handed over until they have a result."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dlq.v1 import dlq_service_pb2 as pb

from .._core.call_error import NO_RESULT, CallError, part_error_of
from .._core.letter import Letter
from .._core.send_book import Answer, PendingSend, SendBook, Verdict
from .._core.send_error import (
    aborted_error,
    closed_error,
    full_error,
    kept_nowhere,
    late_error,
)
from .._core.send_numbers import SendNumbers
from ..errors import DlqClientError
from ..options import ClientOptions
from ..results import Dropped, SendResult, Spooled, stored_from
from .connection import CallFailed, Line

if TYPE_CHECKING:
    from ..spool.courier import Courier


class Sender:
    """Lives in the engine's loop: each method is called there."""

    def __init__(
        self,
        options: ClientOptions,
        line: Line,
        courier: Courier | None,
        on_dropped: Callable[[DlqClientError, str], None],
    ) -> None:
        self._options = options
        self._line = line
        self._courier = courier
        self._on_dropped = on_dropped
        self._numbers = SendNumbers()
        self._loop = asyncio.get_running_loop()
        self._wake: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self.book: SendBook = SendBook(options.coalesce)

    def add(self, sends: Sequence[PendingSend]) -> None:
        now = time.monotonic()
        for send in sends:
            send.future.add_done_callback(self._watch_cancel(send))
            if self._is_closed:
                self._settle(
                    send, DlqClientError("closed", "the client is closed; send before that")
                )
                continue
            self._numbers.give(send.letter.request)
            has_room = self.book.has_room_for(send.letter)
            if has_room:
                self.book.add(send, now)
            if not has_room:
                pending = len(self.book.pending)
                self._keep(send, full_error(send, pending, self._options.coalesce))
            elif self.book.is_away(now) and self._courier is not None:
                send.last_error = self.book.away_error
                self._keep(send, late_error(send))
        self._pump()

    async def flush(self, timeout_s: float | None = None) -> None:
        """Until every send of before has its result."""
        waits: set[asyncio.Future[Any]] = set(self._tasks)
        for send in self.book.pending:
            waits.add(asyncio.shield(asyncio.wrap_future(send.future)))
        if waits:
            await asyncio.wait(waits, timeout=timeout_s)

    async def close(self) -> None:
        """What is pending goes to the spool, or is dropped."""
        self._is_closed = True
        for send in list(self.book.pending):
            self._keep(send, closed_error(send))
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hurry(self) -> None:
        """The service is known to be there: after a failure, what waits for another try goes now."""
        if not self.book.is_failing:
            return  # what it asks to come later for, does
        self.book.heard()
        self.book.hurry()
        self._pump()

    def _pump(self) -> None:
        now = time.monotonic()
        for send in self.book.late(now):
            if send.last_error is None and self.book.is_failing:
                send.last_error = self.book.away_error  # of the others' calls, before its own
            self._keep(send, late_error(send))
        while sends := self.book.next_call(now):
            self._start(sends)
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        wake_at = self.book.wake_at()
        if wake_at is not None:
            self._wake = self._loop.call_later(max(0.0, wake_at - now), self._pump)

    def _start(self, sends: list[PendingSend]) -> None:
        self._track(self._call(sends))

    def _track(self, work: object) -> None:
        task: asyncio.Task[None] = self._loop.create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _call(self, sends: list[PendingSend]) -> None:
        left_s = max(send.deadline_at for send in sends) - time.monotonic()
        timeout_s = max(0.001, min(self._options.try_timeout, left_s))
        verdicts: list[Verdict]
        halves: list[list[PendingSend]] = []
        try:
            answers = await call_send(self._line, [send.letter for send in sends], timeout_s)
            if self._courier is not None and self.book.is_failing:
                self._courier.hurry()
            verdicts = self.book.answered(sends, answers, time.monotonic())
        except CallFailed as failed:
            verdicts, halves = self.book.failed(sends, failed.error, time.monotonic())
        for half in halves:
            self._start(half)
        for send, found in verdicts:
            if isinstance(found, CallError):
                self._refuse(send, found)
            else:
                self._settle(send, found)
        self._pump()

    def _refuse(self, send: PendingSend, error: CallError) -> None:
        """What is refused for now waits where it can."""
        refusal = error.refusal(send.was_maybe_stored)
        if error.is_final:
            self._settle(send, refusal)
        else:
            send.was_maybe_stored = refusal.maybe_stored
            send.last_error = error
            self._keep(send, refusal)

    def _keep(self, send: PendingSend, error: DlqClientError) -> None:
        """Where the service can't have it now: to the spool, if there is one."""
        if send.is_settled:
            return
        if self._courier is None:
            self._settle(send, error)
            return
        self.book.settled(send)
        self._track(self._to_spool(self._courier, send, error))

    async def _to_spool(self, courier: Courier, send: PendingSend, why: DlqClientError) -> None:
        try:
            durable = await courier.keep(send.letter.request)
        except Exception as cause:  # whatever it is, somebody waits for the result
            self._tell(send, Dropped(kept_nowhere(send, why, cause)))
        else:
            if why.kind == "deadline" or send.last_error is not None:
                # Before whoever waits for it hears of it: the program may end then.
                courier.log.tell_of(send.last_error)
                await courier.log.told()
            self._tell(send, Spooled(durable))

    def _settle(self, send: PendingSend, found: pb.SendToDlqResponse | DlqClientError) -> None:
        if not self.book.settled(send):
            return
        if isinstance(found, DlqClientError):
            self._tell(send, Dropped(found))
        else:
            self._tell(send, stored_from(found, send.letter.request.queue))

    def _tell(self, send: PendingSend, result: SendResult) -> None:
        if isinstance(result, Dropped):
            self._on_dropped(result.error, send.letter.request.queue)
        if send.future.set_running_or_notify_cancel():
            send.future.set_result(result)

    def _watch_cancel(self, send: PendingSend) -> Callable[[object], None]:
        def on_done(_: object) -> None:
            if send.future.cancelled() and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._abort, send)

        return on_done

    def _abort(self, send: PendingSend) -> None:
        """Whoever waited for it does so no longer."""
        if self.book.settled(send):
            self._on_dropped(aborted_error(send), send.letter.request.queue)
            self._pump()


async def call_send(line: Line, letters: Sequence[Letter], timeout_s: float) -> list[Answer]:
    """One message goes by itself, several go in a batch. Raises CallFailed when the call failed."""
    if len(letters) == 1:
        request = letters[0].request
        return [await line.call(lambda stub: stub.SendToDlq, request, timeout_s)]
    return await call_batch(line, [letter.request for letter in letters], timeout_s)


async def call_batch(
    line: Line, requests: Sequence[pb.SendToDlqRequest], timeout_s: float
) -> list[Answer]:
    """Raises CallFailed also where none was taken for want of the service, such as of its store."""
    batch = pb.SendToDlqBatchRequest(requests=requests)
    response = await line.call(lambda stub: stub.SendToDlqBatch, batch, timeout_s)
    answers: list[Answer] = [_answer_of(result) for result in response.results]
    _raise_if_away(answers)
    missing: list[CallError] = [NO_RESULT] * (len(requests) - len(answers))
    return [*answers, *missing]


def _raise_if_away(answers: Sequence[Answer]) -> None:
    """The call was answered, but as if nobody were there: it is a failed one."""
    errors = [one for one in answers if isinstance(one, CallError) and one.code == "UNAVAILABLE"]
    if errors and len(errors) == len(answers):
        raise CallFailed(errors[0])


def _answer_of(result: pb.SendToDlqBatchResult) -> Answer:
    if result.WhichOneof("outcome") == "response":
        return result.response
    return part_error_of(result.error) if result.HasField("error") else NO_RESULT
