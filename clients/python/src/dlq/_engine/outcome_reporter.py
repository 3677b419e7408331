"""Reports outcomes in batches, and retries until the leases have expired."""

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
from .connection import CallFailed, ReconnectingChannel

_MAX_OUTCOMES = 1_000
_MAX_BYTES = 768 * 1024
"""Of one call. Many proxies accept at most 1 MiB."""
_MAX_CALLS = 4
_TRY_TIMEOUT_S = 5.0
_EXPIRY_GRACE_S = 30.0
"""After an outage the server lets leases run this much longer."""


@dataclass(frozen=True)
class UnreportedOutcome:
    """An outcome that the server has not confirmed."""

    delivery: Delivery
    outcome: Outcome
    message: pb.Outcome


class OutcomeReporter:
    def __init__(
        self,
        channel: ReconnectingChannel,
        on_answered: Callable[[UnreportedOutcome, pb.AckResult], None],
        on_given_up: Callable[[UnreportedOutcome, CallError], None],
    ) -> None:
        self.lease_s = 30.0
        self._channel = channel
        self._on_answered = on_answered
        self._on_given_up = on_given_up
        self._waiting: deque[UnreportedOutcome] = deque()
        self._is_scheduled = False
        self._is_abandoned = False
        self._calls: set[asyncio.Task[None]] = set()

    def add(self, delivery: Delivery, outcome: Outcome) -> None:
        self._waiting.append(
            UnreportedOutcome(delivery, outcome, outcome.with_token(delivery.lease_token))
        )
        if not self._is_scheduled:
            # Batches outcomes of one turn of the loop; of the next millisecond if calls are in progress.
            self._is_scheduled = True
            asyncio.get_running_loop().call_later(0.001 if self._calls else 0, self._pump)

    async def flush(self) -> None:
        """Waits until all earlier outcomes are answered or given up."""
        while self._waiting or self._calls:
            self._pump()
            await asyncio.wait(self._calls, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)

    async def abandon(self) -> None:
        """Gives up all outcomes without an answer."""
        self._is_abandoned = True
        for call in self._calls:
            call.cancel()
        await self.flush()

    def _pump(self) -> None:
        self._is_scheduled = False
        while self._waiting and len(self._calls) < _MAX_CALLS:
            give_up_at = time.monotonic() + self.lease_s + _EXPIRY_GRACE_S
            report = self._report(self._take(), give_up_at)
            call = asyncio.get_running_loop().create_task(report)
            self._calls.add(call)
            call.add_done_callback(self._on_call_ended)

    def _on_call_ended(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        self._pump()

    def _take(self) -> list[UnreportedOutcome]:
        taken: list[UnreportedOutcome] = []
        size = 0
        while self._waiting and len(taken) < _MAX_OUTCOMES:
            size += self._waiting[0].message.ByteSize()
            if taken and size > _MAX_BYTES:
                break
            taken.append(self._waiting.popleft())
        return taken

    async def _report(self, batch: list[UnreportedOutcome], give_up_at: float) -> None:
        request = pb.AckRequest(
            request_id=str(uuid.uuid4()), outcomes=[one.message for one in batch]
        )
        backoff = Backoff(0.02, 1.0)
        error = CallError("CANCELLED", "the worker was stopped before the server answered")
        try:
            while not self._is_abandoned:
                try:
                    response = await self._channel.call(
                        lambda stub: stub.Ack, request, _TRY_TIMEOUT_S
                    )
                except CallFailed as failed:
                    error = failed.error
                    is_late = time.monotonic() > give_up_at
                    half = len(batch) // 2
                    if error.is_proxy_size_limit and half and not is_late:
                        await self._report(batch[:half], give_up_at)
                        return await self._report(batch[half:], give_up_at)
                    if is_late or error.is_proxy_size_limit or error.is_final:
                        break
                    await asyncio.sleep(backoff.next_s())
                    continue
                missing = [pb.AckResult()] * (len(batch) - len(response.results))
                answered, batch = batch, []
                for one, result in zip(answered, [*response.results, *missing]):
                    if result.status == pb.ACK_STATUS_INTERNAL and time.monotonic() <= give_up_at:
                        batch.append(one)  # its queue may be repaired
                    else:
                        self._on_answered(one, result)
                if batch:
                    await asyncio.sleep(backoff.next_s())
                    await self._report(batch, give_up_at)
                return
        except asyncio.CancelledError:
            pass  # abandoned: reported below
        for one in batch:
            self._on_given_up(one, error)
