"""Applies the settings of a DLQConfig to the queues that it is used with."""

from __future__ import annotations

import asyncio
import time

from .._core.durations import duration
from .._core.log import log
from .._core.retry_policy import policy_of
from ..errors import DlqClientError
from ..options import SendOptions
from ..v1.dlq_admin_service_pb2 import UpdateQueueRequest
from ..v1.queue_pb2 import Queue, QueueConfig
from .config import DLQConfig
from .connection import ServiceCalls

_IN_FORCE_S = 2.0
"""After this time all servers use new settings."""
_RETRY_S = 30.0
"""Between tries while the service is unavailable."""
_NOT_ALLOWED = ("PERMISSION_DENIED", "UNAUTHENTICATED", "UNIMPLEMENTED", "INVALID_ARGUMENT")

_DAY_S = 24 * 3600
_MAX_WINDOW_S = 90 * _DAY_S
_MAX_TTL_S = 3650 * _DAY_S
_MAX_SENDS = 1000


class QueueSettings:
    """Sets them once for each queue, in the background. Until they are in force, and if the server refuses
    them, each message has the settings that a message can have."""

    def __init__(self, config: DLQConfig, calls: ServiceCalls) -> None:
        self._config = queue_config_of(config)
        self._of_messages = send_options_of(config)
        self._calls = calls
        self._in_force_at: dict[str, float] = {}
        self._next_try_at: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, queue: str) -> None:
        """Starts setting them, unless done before."""
        now = time.monotonic()
        if queue in self._in_force_at or now < self._next_try_at.get(queue, 0.0):
            return
        self._next_try_at[queue] = now + _RETRY_S
        task = asyncio.get_running_loop().create_task(self._set(queue))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def of_message(self, queue: str) -> SendOptions:
        """Returns the options that each message to this queue needs now."""
        is_in_force = time.monotonic() >= self._in_force_at.get(queue, float("inf"))
        return {} if is_in_force else self._of_messages

    async def settle(self) -> None:
        """Waits for all calls in progress."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _set(self, queue: str) -> None:
        request = UpdateQueueRequest(queue=Queue(name=queue, config=self._config))
        try:
            await self._calls.update_queue(request)
            self._in_force_at[queue] = time.monotonic() + _IN_FORCE_S
        except DlqClientError as error:
            if error.code in _NOT_ALLOWED:
                self._in_force_at[queue] = float("inf")
                log.warning(
                    'dlq: the settings of queue "%s" could not be set (%s): each message has retry policy and '
                    "ttl itself; poison_threshold and deduplication_window of the DLQConfig have no effect",
                    queue,
                    error,
                )


def queue_config_of(config: DLQConfig) -> QueueConfig:
    found = QueueConfig(poison_threshold=min(max(config.poison_threshold, 0), _MAX_SENDS))
    found.retry_policy.CopyFrom(policy_of(config.retry_policy.service_policy(config.max_retries)))
    found.ttl.CopyFrom(duration("ttl", _within(config.ttl or 0, _MAX_TTL_S)))
    window_s = _within(config.deduplication_window, _MAX_WINDOW_S)
    found.dedup_window.CopyFrom(duration("deduplication_window", window_s))
    return found


def send_options_of(config: DLQConfig) -> SendOptions:
    return {
        "retry_policy": config.retry_policy.service_policy(config.max_retries),
        "ttl": _within(config.ttl or 0, _MAX_TTL_S) or _MAX_TTL_S,
    }


def _within(seconds: float, max_s: float) -> float:
    """0 means never or off. Other values are at least 1."""
    return 0 if seconds <= 0 else min(max(seconds, 1), max_s)
