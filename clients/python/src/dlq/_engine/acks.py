"""Reports outcomes: those that come together in one call, again and again until they can't count."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from dlq.v1 import dlq_service_pb2 as pb

from .._core.backoff import Backoff
from .._core.call_error import CallError
from ..delivery import Delivery
from ..outcome import Outcome
from .connection import CallFailed, Line

_MOST_OUTCOMES = 1_000
_MOST_BYTES = 768 * 1024
"""Of one call: many a proxy takes no more than 1 MiB."""
_MOST_CALLS = 4
_TRY_TIMEOUT_S = 5.0
_EXPIRY_GRACE_S = 30.0
"""After an outage the server waits this much longer than the lease."""


@dataclass(frozen=True)
class Unreported:
    """A delivery whose outcome is known here, and not yet to the server."""

    held: Delivery
    outcome: Outcome
    message: pb.Outcome


class Acks:
    def __init__(
        self,
        line: Line,
        on_answered: Callable[[Unreported, pb.AckResult], None],
        on_given_up: Callable[[Unreported, CallError], None],
    ) -> None:
        self.lease_s = 30.0
        self._line = line
        self._on_answered = on_answered
        self._on_given_up = on_given_up
        self._waiting: deque[Unreported] = deque()
        self._is_scheduled = False
        self._is_over = False
        self._calls: set[asyncio.Task[None]] = set()

    def add(self, held: Delivery, outcome: Outcome) -> None:
        self._waiting.append(Unreported(held, outcome, outcome.under(held.lease_token)))
        if not self._is_scheduled:
            # With those of this turn of the loop; while calls are under way, also with the next.
            self._is_scheduled = True
            asyncio.get_running_loop().call_later(0.001 if self._calls else 0, self._pump)

    async def flush(self) -> None:
        """Until everything added so far is answered or given up."""
        while self._waiting or self._calls:
            self._pump()
            await asyncio.wait(self._calls, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)

    async def abandon(self) -> None:
        """Gives up what has no answer yet."""
        self._is_over = True
        for call in self._calls:
            call.cancel()
        await self.flush()

    def _pump(self) -> None:
        self._is_scheduled = False
        while self._waiting and len(self._calls) < _MOST_CALLS:
            give_up_at = time.monotonic() + self.lease_s + _EXPIRY_GRACE_S
            report = self._report(self._take(), give_up_at)
            call = asyncio.get_running_loop().create_task(report)
            self._calls.add(call)
            call.add_done_callback(self._on_over)

    def _on_over(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        self._pump()

    def _take(self) -> list[Unreported]:
        taken: list[Unreported] = []
        size = 0
        while self._waiting and len(taken) < _MOST_OUTCOMES:
            size += self._waiting[0].message.ByteSize()
            if taken and size > _MOST_BYTES:
                break
            taken.append(self._waiting.popleft())
        return taken

    async def _report(self, batch: list[Unreported], give_up_at: float) -> None:
        request = pb.AckRequest(
            request_id=str(uuid.uuid4()), outcomes=[one.message for one in batch]
        )
        backoff = Backoff(0.02, 1.0)
        error = CallError("CANCELLED", "the worker was stopped before it was answered")
        try:
            while not self._is_over:
                try:
                    response = await self._line.call(lambda stub: stub.Ack, request, _TRY_TIMEOUT_S)
                except CallFailed as failed:
                    error = failed.error
                    is_over = time.monotonic() > give_up_at
                    half = len(batch) // 2
                    if error.is_too_large_on_the_way and half and not is_over:
                        await self._report(batch[:half], give_up_at)
                        return await self._report(batch[half:], give_up_at)
                    if is_over or error.is_too_large_on_the_way or error.is_final:
                        break
                    await asyncio.sleep(backoff.next_s())
                    continue
                missing = [pb.AckResult()] * (len(batch) - len(response.results))
                for one, result in zip(batch, [*response.results, *missing]):
                    self._on_answered(one, result)
                return
        except asyncio.CancelledError:
            pass  # abandoned; whoever does so wants to know what was not counted
        for one in batch:
            self._on_given_up(one, error)
