"""The handlers of the old package, on top of the service."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, TypeAlias, TypedDict

from typing_extensions import Self

from .._core.log import log
from ..aio.client import Client
from ..delivery import Delivery
from ..options import SendOptions
from ..outcome import Outcome, release
from ..results import Dropped, Spooled, Stored
from ..v1.dlq_service_pb2 import StatsRequest
from ..worker_options import SettledDelivery
from .attributes import attributes_of
from .config import DefaultPrefix, DLQConfig
from .connection import ServiceCalls, client_of
from .deprecation import deprecated
from .dlq_message import delivered_message, is_added, original_message_of, reason_of
from .events import EventPublisher
from .function_call import call
from .models import DLQMessage, DLQReason, reason_name_of
from .outcome_reports import OutcomeReports
from .queue_name import allowed_name, queue_name
from .queue_settings import QueueSettings
from .queue_workers import QueueWorkers
from .retry_watch import RetryWatches

_INSTEAD = "use dlq.aio.Client"

MessageHandler: TypeAlias = Callable[[Any], "Awaitable[object] | object"]
"""Processes one message, which failed if the handler raises."""


class QueueSizes(TypedDict):
    size: int
    """Messages that wait for a retry or are in flight."""
    poison_size: int
    """Quarantined messages."""


class DLQStats(TypedDict):
    total_messages: int
    total_poison_messages: int
    queues: dict[str, QueueSizes]


class DLQHandler:
    """Sends failed messages, and retries them with handlers of this process.

    `connection` is the service's address or a `dlq.aio.Client`, in place of a Redis client. With `target` in the
    DLQConfig, the config may be the only argument.

    What this process does with messages is published on `nats_client` as `{event_prefix}.{queue_name}.{event_type}`:
    as JSON if it is a client of nats-py, otherwise as a dict. The log has errors of it.
    """

    _has_action = False
    """Events have the fields of the action that a message executes."""

    def __init__(
        self,
        connection: str | Client | DLQConfig | None = None,
        config: DLQConfig | None = None,
        nats_client: object = None,
        *,
        redis_client: object = None,
        event_prefix: str = "dlq",
    ) -> None:
        name = type(self).__name__
        deprecated(f"dlq.compat.{name}", _INSTEAD)
        if isinstance(connection, DLQConfig):
            connection, config = None, connection
        if config is None:
            raise TypeError(f"the config is missing; call {name}(connection, DLQConfig(name=…))")
        self.config = config
        self._client, self._owns_client = client_of(connection or redis_client, config)
        self._calls = ServiceCalls(self._client)
        self._settings = QueueSettings(config, self._calls)
        self._watches = RetryWatches(self._calls)
        self._handlers: dict[str, MessageHandler] = {}
        self._names: dict[str, str] = {}
        """Old names of the used queues, by their names in the service."""
        self._events = EventPublisher(nats_client, event_prefix, has_action=self._has_action)
        self._reports = OutcomeReports(config, self._events, self._old_name)
        self._is_processing = False
        self._processed: set[str] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._workers = QueueWorkers(self._client, self._handle, self._settled)

    async def send_to_dlq(
        self,
        queue_name: str,
        original_message: Any,
        reason: DLQReason | str | None = None,
        error: BaseException | str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> str:
        """Returns the message's id. While the service is unavailable the message is spooled on this machine, and
        the id is `spooled:…`, which `retry_message` does not accept. Raises DlqClientError if the message could
        not be stored."""
        deprecated("send_to_dlq", "use `await client.send(queue, message, error)`")
        queue = self._queue(queue_name)
        self._settings.begin(queue)
        options: SendOptions = {**self._settings.of_message(queue), "request_id": str(uuid.uuid4())}
        options["attributes"], problems = attributes_of(metadata)
        for problem in problems:
            log.warning('dlq: a message for queue "%s" was changed: %s', queue, problem)
        for key in ("source_id", "dedup_key"):
            if isinstance(value := (metadata or {}).get(key), str) and value:
                options[key] = value
        if (name := reason_name_of(reason)) is not None:
            options["reason"] = name
        result = await self._client.send(queue, original_message, error, **options)
        if isinstance(result, Dropped):
            raise result.error
        message_id = (
            f"spooled:{options['request_id']}" if isinstance(result, Spooled) else result.id
        )
        if self._events and is_added(result):
            found = reason_of(result.reason if isinstance(result, Stored) else reason)
            message = DLQMessage(message_id, queue_name, original_message, found)
            message.metadata.update(metadata or {})
            await self._events.publish("message_added", message)
            if isinstance(result, Stored) and result.state == "QUARANTINED":
                await self._events.publish("moved_to_poison", message)
        return message_id

    def register_handler(self, queue_name: str, handler: MessageHandler) -> None:
        """Sets the handler that processes due messages of a queue."""
        deprecated("register_handler", "use `client.worker(queue)` and `await worker.run(handler)`")
        self._handlers[self._queue(queue_name)] = handler
        if self._is_processing:
            task = asyncio.get_running_loop().create_task(self._process_registered())
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    async def start_retry_processor(self) -> None:
        """Works on all queues with handlers, in the background."""
        deprecated("start_retry_processor", "use `await client.worker(queue).start(handler)`")
        self._is_processing = True
        await self._process_registered()

    async def stop_retry_processor(self) -> None:
        """Takes no more messages, and waits for running handlers."""
        deprecated("stop_retry_processor", "use `await worker.stop()`")
        await self._stop()

    async def retry_message(self, queue_name: str, message_id: str) -> bool:
        """Retries a message now, also a quarantined one, and waits for its handler, in this process or another.
        Returns whether the handler succeeded."""
        deprecated("retry_message", "use `Retry` of the service, which does not wait")
        queue = self._queue(queue_name)
        if queue not in self._handlers:
            log.error('dlq: no handler is registered for queue "%s"', queue_name)
            return False
        watch = self._watches.open(message_id)
        try:
            if not await self._watches.make_due(queue, message_id, watch):
                log.warning('dlq: queue "%s" has no message %s', queue, message_id)
                return False
            await self._workers.acquire(queue)
            try:
                return await self._watches.outcome(queue, message_id, watch)
            finally:
                await self._workers.release(queue)
                await self._reports.wait(message_id)
        finally:
            self._watches.close(message_id)

    async def get_dlq_stats(self) -> DLQStats:
        """Counts the messages in the queues of this prefix. As before, quarantined ones count in
        `total_poison_messages` only."""
        deprecated("get_dlq_stats", "use `Stats` of the service, or its metrics")
        queues: dict[str, QueueSizes] = {}
        page = StatsRequest()
        while True:
            response = await self._calls.stats(page)
            for one in response.queues:
                name = self._old_name(one.queue)
                if name is not None:
                    size = one.scheduled + one.in_flight
                    queues[name] = {"size": size, "poison_size": one.quarantined}
            if not response.next_page_token:
                break
            page = StatsRequest(page_token=response.next_page_token)
        return {
            "total_messages": sum(one["size"] for one in queues.values()),
            "total_poison_messages": sum(one["poison_size"] for one in queues.values()),
            "queues": queues,
        }

    async def close(self) -> None:
        """New: stops the handlers, and closes the connections that this object opened. A program that exits need
        not call it."""
        await self._stop()
        await self._settings.settle()
        self._calls.close()
        if self._owns_client:
            await self._client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def _queue(self, name: str) -> str:
        queue = queue_name(self.config.redis_key_prefix, name)
        self._names[queue] = name
        return queue

    def _old_name(self, queue: str) -> str | None:
        """Returns None if the queue has another prefix."""
        if queue in self._names:
            return self._names[queue]
        prefix = self.config.redis_key_prefix
        if not prefix:
            return queue
        start = f"{allowed_name(prefix)}."
        return queue[len(start) :] if queue.startswith(start) else None

    async def _process_registered(self) -> None:
        for queue in list(self._handlers):  # handlers may be registered during the loop
            if queue not in self._processed:
                self._processed.add(queue)
                self._settings.begin(queue)
                try:
                    await self._workers.acquire(queue)
                except BaseException:
                    self._processed.discard(queue)
                    raise

    async def _stop(self) -> None:
        self._is_processing = False
        await asyncio.gather(*self._starting, return_exceptions=True)
        queues, self._processed = self._processed, set()
        await asyncio.gather(*(self._workers.release(queue) for queue in queues))
        await self._reports.wait()

    async def _handle(self, delivery: Delivery) -> Outcome | None:
        if not self._is_processing and delivery.id not in self._watches:
            return release()  # only the message that `retry_message` waits for is processed
        handler = self._handlers[delivery.queue]
        self._watches.on_started(delivery)
        await self._reports.open(delivery)
        await call(handler, await self._handler_input(delivery))
        return None

    async def _handler_input(self, delivery: Delivery) -> Any:
        transform = self.config.transform_function
        if transform is not None:
            queue = self._names[delivery.queue]
            try:
                return await call(transform, delivered_message(delivery, queue, self.config))
            except Exception:
                log.exception(
                    'dlq: transform_function raised for message %s of queue "%s"; its handler gets the original message',
                    delivery.id,
                    queue,
                )
        return original_message_of(delivery)

    def _settled(self, delivery: Delivery, settled: SettledDelivery) -> None:
        self._reports.settled(delivery, settled)
        self._watches.on_ended(delivery, settled.outcome == "succeeded")


class ActionDLQHandler(DLQHandler):
    """A DLQHandler of messages that execute actions: its events have the action's fields, and its prefix is `action_dlq`
    if the config has none."""

    _has_action = True

    def __init__(
        self,
        connection: str | Client | DLQConfig | None = None,
        config: DLQConfig | None = None,
        nats_client: object = None,
        *,
        redis_client: object = None,
        event_prefix: str = "action_dlq",
    ) -> None:
        deprecated(f"dlq.compat.{type(self).__name__}", _INSTEAD)
        if isinstance(connection, DLQConfig):
            connection, config = None, connection
        prefix = "" if config is None else config.redis_key_prefix
        if config is not None and (not prefix or isinstance(prefix, DefaultPrefix)):
            config = replace(config, redis_key_prefix="action_dlq")
        super().__init__(
            connection,
            config,
            nats_client,
            redis_client=redis_client,
            event_prefix=event_prefix,
        )
