"""Extends the leases of deliveries that this worker holds."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable

from dlq.v1 import dlq_service_pb2 as pb

from .._core.call_error import CallError
from .._core.held_leases import MAX_TOKENS, HeldLeases
from ..delivery import Delivery
from .connection import CallFailed, ReconnectingChannel

_CALL_TIMEOUT_S = 2.0


class LeaseExtender:
    def __init__(
        self,
        channel: ReconnectingChannel,
        on_lost: Callable[[Delivery], None],
        on_refused: Callable[[CallError], None],
    ) -> None:
        self.held = HeldLeases()
        self._channel = channel
        self._on_lost = on_lost
        self._on_refused = on_refused
        self._task: asyncio.Task[None] | None = None

    def set_lease(self, lease_s: float) -> None:
        """Starts extending leases of this duration."""
        if self._task is not None and lease_s == self.held.lease_s:
            return
        self.held.lease_s = lease_s
        self.stop()
        self._task = asyncio.get_running_loop().create_task(self._extend_all())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def release_unreceived(self, session_id: str) -> None:
        """Releases deliveries of this session that were lost with a broken stream. Must only be called
        while no stream is open. If it fails, their leases expire."""
        if not session_id:
            return  # no stream was ever open
        try:
            request = pb.ExtendLeaseRequest(session_id=session_id)
            response = await self._channel.call(
                lambda stub: stub.ExtendLease, request, _CALL_TIMEOUT_S
            )
            tokens = self.held.unreceived(response.results)
            for at in range(0, len(tokens), MAX_TOKENS):
                outcomes = [
                    pb.Outcome(lease_token=token, released=pb.Released())
                    for token in tokens[at : at + MAX_TOKENS]
                ]
                ack = pb.AckRequest(request_id=str(uuid.uuid4()), outcomes=outcomes)
                await self._channel.call(lambda stub: stub.Ack, ack, _CALL_TIMEOUT_S)
        except CallFailed:
            pass  # the service is unavailable

    async def _extend_all(self) -> None:
        while True:
            await asyncio.sleep(self.held.check_every_s)
            due = self.held.due(time.monotonic())
            try:
                for at in range(0, len(due), MAX_TOKENS):
                    await self._extend(due[at : at + MAX_TOKENS])
            except CallFailed as failed:
                # The next check tries again, before the lease expires.
                if not failed.error.is_retryable:
                    self._on_refused(failed.error)

    async def _extend(self, due: list[Delivery]) -> None:
        request = pb.ExtendLeaseRequest(lease_tokens=[one.lease_token for one in due])
        timeout_s = min(_CALL_TIMEOUT_S, self.held.lease_s / 3)
        response = await self._channel.call(lambda stub: stub.ExtendLease, request, timeout_s)
        for delivery in self.held.on_extended(due, response.results, time.monotonic()):
            self._on_lost(delivery)
