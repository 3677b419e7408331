"""Events and callbacks after the handlers of this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from weakref import WeakKeyDictionary

from .._core.log import log
from .._engine.current import current_deliveries
from ..delivery import Delivery
from ..worker_options import SettledDelivery
from .config import DLQConfig, MessageCallback
from .dlq_message import settled_message
from .events import EventPublisher
from .function_call import call
from .models import DLQMessage

_MAX_OPEN = 100
"""Reports at a time. Then handlers wait, as before, when callbacks were part of them."""
_MAX_WAIT_S = 5.0

_is_in_report: ContextVar[bool] = ContextVar("dlq_compat_report", default=False)


class OutcomeReports:
    """Publishes events and calls the callbacks of a DLQConfig for each outcome that counts, in the event loop of the
    handler. Never raises."""

    def __init__(
        self, config: DLQConfig, events: EventPublisher, old_name: Callable[[str], str | None]
    ) -> None:
        self._config = config
        self._events = events
        self._old_name = old_name
        self._is_needed = bool(events or config.success_callback or config.failure_callback)
        self._open: WeakKeyDictionary[Delivery, asyncio.Future[None]] = WeakKeyDictionary()
        """Until each is reported. One whose outcome does not count disappears together with its delivery."""
        self._running: set[asyncio.Task[None]] = set()

    async def open(self, delivery: Delivery) -> None:
        """Must be called in the event loop of the handler, before it."""
        if not self._is_needed:
            return
        while len(self._running) >= _MAX_OPEN:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        self._open[delivery] = asyncio.get_running_loop().create_future()

    def settled(self, delivery: Delivery, settled: SettledDelivery) -> None:
        """May be called from any thread."""
        ended = self._open.get(delivery)
        if ended is None:
            return
        try:
            ended.get_loop().call_soon_threadsafe(self._begin, delivery, settled, ended)
        except RuntimeError:
            pass  # the program's loop has ended

    async def wait(self, message_id: str | None = None) -> None:
        """Waits for the reports about a message, or all, but at most 5 s. In a handler or a callback it returns at
        once."""
        if _is_in_report.get() or current_deliveries.get():
            return
        loop = asyncio.get_running_loop()
        ended = [
            one
            for delivery, one in list(self._open.items())
            if message_id in (None, delivery.id) and one.get_loop() is loop
        ]
        if ended:
            await asyncio.wait(ended, timeout=_MAX_WAIT_S)

    def _begin(
        self, delivery: Delivery, settled: SettledDelivery, ended: asyncio.Future[None]
    ) -> None:
        task = asyncio.get_running_loop().create_task(self._report(delivery, settled))
        self._running.add(task)

        def end(_: object) -> None:
            self._running.discard(task)
            self._open.pop(delivery, None)
            if not ended.done():
                ended.set_result(None)

        task.add_done_callback(end)

    async def _report(self, delivery: Delivery, settled: SettledDelivery) -> None:
        _is_in_report.set(True)
        if settled.outcome not in ("succeeded", "failed"):
            return
        queue = self._old_name(delivery.queue) or delivery.queue
        message = settled_message(delivery, settled, queue, self._config)
        if settled.outcome == "succeeded":
            await self._events.publish("retry_success", message)
            await _call("success_callback", self._config.success_callback, message)
            return
        await self._events.publish("retry_failed", message)
        if settled.state == "SCHEDULED":
            await self._events.publish("retry_scheduled", message)
        elif settled.state == "QUARANTINED":
            await self._events.publish("moved_to_poison", message)
            await _call("failure_callback", self._config.failure_callback, message)


async def _call(name: str, callback: MessageCallback | None, message: DLQMessage) -> None:
    if callback is None:
        return
    try:
        await call(callback, message)
    except Exception:
        log.exception(
            'dlq: %s raised for message %s of queue "%s"',
            name,
            message.message_id,
            message.queue_name,
        )
