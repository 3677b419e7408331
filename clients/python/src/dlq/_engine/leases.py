"""Keeps leases while handlers run or wait."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable

from dlq.v1 import dlq_service_pb2 as pb

from .._core.call_error import CallError
from .._core.lease_book import MOST_TOKENS, LeaseBook
from ..delivery import Delivery
from .connection import CallFailed, Line

_CALL_TIMEOUT_S = 2.0


class Leases:
    def __init__(
        self,
        line: Line,
        on_lost: Callable[[Delivery], None],
        on_refused: Callable[[CallError], None],
    ) -> None:
        self.book = LeaseBook()
        self._line = line
        self._on_lost = on_lost
        self._on_refused = on_refused
        self._task: asyncio.Task[None] | None = None

    def set_lease(self, lease_s: float) -> None:
        """Begins, or goes on with another length."""
        if self._task is not None and lease_s == self.book.lease_s:
            return
        self.book.lease_s = lease_s
        self.stop()
        self._task = asyncio.get_running_loop().create_task(self._keep())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def release_strays(self, session_id: str) -> None:
        """Gives back what the server counts as this session's and what never came here: written to a
        stream that broke. Only while no stream is open. Best effort: they expire by themselves."""
        if not session_id:
            return  # no stream was ever open
        try:
            request = pb.ExtendLeaseRequest(session_id=session_id)
            response = await self._line.call(
                lambda stub: stub.ExtendLease, request, _CALL_TIMEOUT_S
            )
            strays = self.book.strays(response.results)
            for at in range(0, len(strays), MOST_TOKENS):
                outcomes = [
                    pb.Outcome(lease_token=token, released=pb.Released())
                    for token in strays[at : at + MOST_TOKENS]
                ]
                ack = pb.AckRequest(request_id=str(uuid.uuid4()), outcomes=outcomes)
                await self._line.call(lambda stub: stub.Ack, ack, _CALL_TIMEOUT_S)
        except CallFailed:
            pass  # nobody answers at present

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self.book.look_every_s)
            due = self.book.due(time.monotonic())
            try:
                for at in range(0, len(due), MOST_TOKENS):
                    await self._extend(due[at : at + MOST_TOKENS])
            except CallFailed as failed:
                # The next look tries again; until then the lease goes on.
                if not failed.error.is_worth_again:
                    self._on_refused(failed.error)

    async def _extend(self, due: list[Delivery]) -> None:
        request = pb.ExtendLeaseRequest(lease_tokens=[held.lease_token for held in due])
        timeout_s = min(_CALL_TIMEOUT_S, self.book.lease_s / 3)
        response = await self._line.call(lambda stub: stub.ExtendLease, request, timeout_s)
        for held in self.book.extended(due, response.results, time.monotonic()):
            self._on_lost(held)
