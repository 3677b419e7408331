"""Settings of a DLQConfig as settings of the queues that it is used with."""

from __future__ import annotations

import asyncio
import logging
import time

from .._core.durations import duration
from .._core.letter import policy_of
from ..errors import DlqClientError
from ..options import SendOptions
from ..v1.dlq_admin_service_pb2 import UpdateQueueRequest
from ..v1.queue_pb2 import Queue, QueueConfig
from .config import DLQConfig
from .connection import Calls

log: logging.Logger = logging.getLogger("dlq")

_IN_FORCE_S = 2.0
"""After this every server of the deployment goes by new settings."""
_AGAIN_S = 30.0
"""Between tries while the service is away."""
_NOT_ALLOWED = ("PERMISSION_DENIED", "UNAUTHENTICATED", "UNIMPLEMENTED", "INVALID_ARGUMENT")

_DAY_S = 24 * 3600
_MOST_WINDOW_S = 90 * _DAY_S
_MOST_TTL_S = 3650 * _DAY_S
_MOST_SENDS = 1000


class QueueSettings:
    """Sets them once for each queue, in the background: a send never waits for it. Until they are in
    force, and where the server doesn't allow it, each message carries what it can of them."""

    def __init__(self, config: DLQConfig, calls: Calls) -> None:
        self._config = queue_config_of(config)
        self._of_messages = send_options_of(config)
        self._calls = calls
        self._in_force_at: dict[str, float] = {}
        self._next_try_at: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, queue: str) -> None:
        """Makes sure that they are being set."""
        now = time.monotonic()
        if queue in self._in_force_at or now < self._next_try_at.get(queue, 0.0):
            return
        self._next_try_at[queue] = now + _AGAIN_S
        task = asyncio.get_running_loop().create_task(self._set(queue))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def of_message(self, queue: str) -> SendOptions:
        """What a message to this queue carries itself at present."""
        is_in_force = time.monotonic() >= self._in_force_at.get(queue, float("inf"))
        return {} if is_in_force else self._of_messages

    async def settle(self) -> None:
        """Until nothing is under way."""
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
                    "dlq: settings of queue %s can't be set (%s): messages carry retry policy and ttl "
                    "themselves; poison_threshold and deduplication_window are the server's",
                    queue,
                    error,
                )


def queue_config_of(config: DLQConfig) -> QueueConfig:
    found = QueueConfig(poison_threshold=min(max(config.poison_threshold, 0), _MOST_SENDS))
    found.retry_policy.CopyFrom(policy_of(config.retry_policy.service_policy(config.max_retries)))
    found.ttl.CopyFrom(duration("ttl", _within(config.ttl or 0, _MOST_TTL_S)))
    window_s = _within(config.deduplication_window, _MOST_WINDOW_S)
    found.dedup_window.CopyFrom(duration("deduplication_window", window_s))
    return found


def send_options_of(config: DLQConfig) -> SendOptions:
    return {
        "retry_policy": config.retry_policy.service_policy(config.max_retries),
        "ttl": _within(config.ttl or 0, _MOST_TTL_S) or _MOST_TTL_S,
    }


def _within(seconds: float, most_s: float) -> float:
    """0 says never, or off; anything else is at least a second."""
    return 0 if seconds <= 0 else min(max(seconds, 1), most_s)
