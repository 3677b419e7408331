"""Waits for the outcome of single messages, for `retry_message`."""

from __future__ import annotations

import asyncio
import uuid

from ..delivery import Delivery
from ..v1 import dlq_service_pb2 as pb
from .connection import ServiceCalls

_POLL_EVERY_S = 0.5
_MAX_WAIT_S = 60.0
"""How long a message may wait for a handler. Its queue may be paused."""


class _Watch:
    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self.succeeded: asyncio.Future[bool] = self.loop.create_future()
        self.is_started = False
        """A handler of this process has started."""
        self.was_in_flight = False
        """A worker of this or another process held it."""

    def end(self, succeeded: bool) -> None:
        if not self.succeeded.done():
            self.succeeded.set_result(succeeded)


class RetryWatches:
    """`on_started` and `on_ended` may be called from any thread. A waiting caller is resumed in its loop."""

    def __init__(self, calls: ServiceCalls) -> None:
        self._calls = calls
        self._watches: dict[str, _Watch] = {}

    def __contains__(self, message_id: object) -> bool:
        return message_id in self._watches

    def on_started(self, delivery: Delivery) -> None:
        watch = self._watches.get(delivery.id)
        if watch is not None:
            watch.is_started = True

    def on_ended(self, delivery: Delivery, succeeded: bool) -> None:
        watch = self._watches.get(delivery.id)
        if watch is not None and watch.is_started:
            try:
                watch.loop.call_soon_threadsafe(watch.end, succeeded)
            except RuntimeError:
                pass  # the loop of the caller has ended

    def open(self, message_id: str) -> _Watch:
        watch = self._watches[message_id] = self._watches.get(message_id) or _Watch()
        return watch

    def close(self, message_id: str) -> None:
        self._watches.pop(message_id, None)

    async def make_due(self, queue: str, message_id: str, watch: _Watch) -> bool:
        """Makes the message due. Returns whether it exists; it may be in flight already."""
        refusal = await self._refusal(queue, message_id)
        watch.was_in_flight = refusal == pb.RETRY_REFUSAL_IN_FLIGHT
        return watch.was_in_flight or refusal == pb.RETRY_REFUSAL_UNSPECIFIED

    async def outcome(self, queue: str, message_id: str, watch: _Watch) -> bool:
        """Waits for the handler, in this process or another, and returns whether it succeeded. `make_due` must
        have found the message."""
        end_at = watch.loop.time() + _MAX_WAIT_S
        while True:
            await asyncio.wait([watch.succeeded], timeout=_POLL_EVERY_S)
            if watch.succeeded.done():
                return watch.succeeded.result()
            # Also while a handler of this process runs: it may lose its lease, and its outcome then not count.
            refusal = await self._refusal(queue, message_id, dry_run=True)
            if watch.succeeded.done():
                continue
            if refusal == pb.RETRY_REFUSAL_NOT_FOUND:
                return True  # removed: by success, or by an operator
            if refusal == pb.RETRY_REFUSAL_IN_FLIGHT:
                watch.was_in_flight = True
            elif watch.was_in_flight or watch.loop.time() > end_at:
                return False

    async def _refusal(
        self, queue: str, message_id: str, *, dry_run: bool = False
    ) -> pb.RetryRefusal:
        request = pb.RetryRequest(queue=queue, ids=[message_id], dry_run=dry_run)
        if not dry_run:
            request.request_id = str(uuid.uuid4())
        response = await self._calls.retry(request)
        refused = next(iter(response.refused), None)
        return pb.RETRY_REFUSAL_UNSPECIFIED if refused is None else refused.refusal
