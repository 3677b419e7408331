"""Sends messages: in calls to the service, or to the spool."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from dlq.v1 import dlq_service_pb2 as pb

from .._core.call_error import NO_RESULT, CallError, result_error_of
from .._core.send_error import (
    aborted_error,
    buffer_full_error,
    closed_error,
    deadline_error,
    spool_error,
)
from .._core.send_numbers import SendNumbers
from .._core.send_queue import Answer, Decided, PendingSend, SendQueue
from .._core.send_request import SendRequest
from ..errors import DlqClientError
from ..options import ClientOptions
from ..results import Dropped, SendResult, Spooled, stored_from
from .connection import CallFailed, ReconnectingChannel

if TYPE_CHECKING:
    from ..spool.spool_sender import SpoolSender


OnAccepted: TypeAlias = Callable[[pb.SendToDlqRequest, pb.SendToDlqResponse], None]
"""Called when the service has accepted a message."""


class Sender:
    """All methods must be called in the engine's loop."""

    def __init__(
        self,
        options: ClientOptions,
        channel: ReconnectingChannel,
        spool_sender: SpoolSender | None,
    ) -> None:
        self._options = options
        self._channel = channel
        self._spool_sender = spool_sender
        self._numbers = SendNumbers()
        self._loop = asyncio.get_running_loop()
        self._wake: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self.on_accepted: OnAccepted | None = None
        self.send_queue: SendQueue = SendQueue(options.coalesce)
        self._reachability = self.send_queue.reachability

    def add(self, sends: Sequence[PendingSend]) -> None:
        now = time.monotonic()
        for send in sends:
            send.future.add_done_callback(self._watch_cancel(send))
            if self._is_closed:
                self._settle(
                    send, DlqClientError("closed", "the client is closed; send before that")
                )
                continue
            self._numbers.assign(send.request.proto)
            has_room = self.send_queue.has_room_for(send.request)
            if has_room:
                self.send_queue.add(send, now)
            if not has_room:
                count = len(self.send_queue.sends)
                self._spool_or_drop(send, buffer_full_error(send, count, self._options.coalesce))
            elif self._reachability.is_unavailable(now) and self._spool_sender is not None:
                send.last_error = self._reachability.last_error
                self._spool_or_drop(send, deadline_error(send))
        self._pump()

    async def flush(self, timeout_s: float | None = None) -> None:
        """Waits until every earlier send has its result."""
        waits: set[asyncio.Future[Any]] = set(self._tasks)
        for send in self.send_queue.sends:
            waits.add(asyncio.shield(asyncio.wrap_future(send.future)))
        if waits:
            await asyncio.wait(waits, timeout=timeout_s)

    async def close(self) -> None:
        """Moves pending sends to the spool, or drops them if there is none."""
        self._is_closed = True
        for send in list(self.send_queue.sends):
            self._spool_or_drop(send, closed_error(send))
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def retry_now(self) -> None:
        """The service is available again: sends that wait for another try go now."""
        if not self._reachability.is_failing:
            return  # they wait because the service asked for a delay
        self._reachability.answered()
        self.send_queue.retry_now()
        self._pump()

    def on_answered(self) -> None:
        """The service has answered a call of another kind."""
        if self._spool_sender is not None and self._reachability.is_failing:
            self._spool_sender.flush_now()
        self.retry_now()

    def _pump(self) -> None:
        now = time.monotonic()
        for send in self.send_queue.late(now):
            if send.last_error is None and self._reachability.is_failing:
                send.last_error = self._reachability.last_error  # of another send's call
            self._spool_or_drop(send, deadline_error(send))
        while sends := self.send_queue.next_call(now):
            self._start(sends)
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        wake_at = self.send_queue.wake_at()
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
        decided: list[Decided]
        halves: list[list[PendingSend]] = []
        try:
            answers = await call_send(self._channel, [send.request for send in sends], timeout_s)
            if self._spool_sender is not None and self._reachability.is_failing:
                self._spool_sender.flush_now()
            decided = self.send_queue.on_answers(sends, answers, time.monotonic())
        except CallFailed as failed:
            decided, halves = self.send_queue.on_call_failed(sends, failed.error, time.monotonic())
            if failed.error.never_arrived and self._spool_sender is not None:
                for send in sends:
                    self._spool_or_drop(send, deadline_error(send))
        for half in halves:
            self._start(half)
        for send, answer in decided:
            if isinstance(answer, CallError):
                self._on_refused(send, answer)
            else:
                self._settle(send, answer)
        self._pump()

    def _on_refused(self, send: PendingSend, error: CallError) -> None:
        """Drops the send if the refusal is final. Otherwise it waits in the spool."""
        client_error = error.as_client_error(send.was_maybe_stored)
        if error.is_final:
            self._settle(send, client_error)
        else:
            send.was_maybe_stored = client_error.maybe_stored
            send.last_error = error
            self._spool_or_drop(send, client_error)

    def _spool_or_drop(self, send: PendingSend, error: DlqClientError) -> None:
        if send.is_settled:
            return
        if self._spool_sender is None:
            self._settle(send, error)
            return
        self.send_queue.settle(send)
        self._track(self._to_spool(self._spool_sender, send, error))

    async def _to_spool(
        self, spool_sender: SpoolSender, send: PendingSend, cause: DlqClientError
    ) -> None:
        try:
            durable = await spool_sender.append(send.request.proto)
        except Exception as fault:  # any fault, since the caller waits for a result
            self._resolve(send, Dropped(spool_error(send, cause, fault)))
        else:
            if cause.kind == "deadline" or send.last_error is not None:
                # Log before the result is given: the program may end then.
                await spool_sender.warn(send.last_error)
            self._resolve(send, Spooled(durable))

    def _settle(self, send: PendingSend, answer: pb.SendToDlqResponse | DlqClientError) -> None:
        if not self.send_queue.settle(send):
            return
        if isinstance(answer, DlqClientError):
            self._resolve(send, Dropped(answer))
        else:
            if self.on_accepted is not None:
                self.on_accepted(send.request.proto, answer)
            self._resolve(send, stored_from(answer, send.request.proto.queue))

    def _resolve(self, send: PendingSend, result: SendResult) -> None:
        if isinstance(result, Dropped):
            send.report_drop(result.error, send.request.proto.queue)
        if send.future.set_running_or_notify_cancel():
            send.future.set_result(result)

    def _watch_cancel(self, send: PendingSend) -> Callable[[object], None]:
        def on_done(_: object) -> None:
            if send.future.cancelled() and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._abort, send)

        return on_done

    def _abort(self, send: PendingSend) -> None:
        """The caller cancelled the send."""
        if self.send_queue.settle(send):
            send.report_drop(aborted_error(send), send.request.proto.queue)
            self._pump()


async def call_send(
    channel: ReconnectingChannel, requests: Sequence[SendRequest], timeout_s: float
) -> list[Answer]:
    """Sends one message alone and several as a batch. Raises CallFailed if the call failed."""
    if len(requests) == 1:
        return [await channel.call(lambda stub: stub.SendToDlq, requests[0].proto, timeout_s)]
    return await call_batch(channel, [request.proto for request in requests], timeout_s)


async def call_batch(
    channel: ReconnectingChannel, requests: Sequence[pb.SendToDlqRequest], timeout_s: float
) -> list[Answer]:
    """Raises CallFailed if the call failed, or if every message failed with UNAVAILABLE, for
    example because the server's store is down."""
    batch = pb.SendToDlqBatchRequest(requests=requests)
    response = await channel.call(lambda stub: stub.SendToDlqBatch, batch, timeout_s)
    answers: list[Answer] = [_answer_of(result) for result in response.results]
    _raise_if_unavailable(answers)
    missing: list[CallError] = [NO_RESULT] * (len(requests) - len(answers))
    return [*answers, *missing]


def _raise_if_unavailable(answers: Sequence[Answer]) -> None:
    errors = [one for one in answers if isinstance(one, CallError) and one.code == "UNAVAILABLE"]
    if errors and len(errors) == len(answers):
        raise CallFailed(errors[0])


def _answer_of(result: pb.SendToDlqBatchResult) -> Answer:
    if result.WhichOneof("outcome") == "response":
        return result.response
    return result_error_of(result.error) if result.HasField("error") else NO_RESULT
