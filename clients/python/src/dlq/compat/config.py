"""Settings of the old package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from .models import DLQMessage, RetryPolicy

if TYPE_CHECKING:
    from ..aio.client import Client

MessageCallback: TypeAlias = Callable[[DLQMessage], Any]
"""A coroutine function, or a plain function, which runs in a thread. The log has what it raises."""


class DefaultPrefix(str):
    """The prefix of a config that was given none."""

    __slots__ = ()


@dataclass
class DLQConfig:
    """Settings of a handler and its queues. docs/guides/migrate.md says what each setting becomes."""

    name: str
    """Shown with each message as its producer."""
    max_retries: int = 3
    """Failed attempts after which a message is quarantined. A lower value of the policy takes precedence."""
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    ttl: int | None = 86400
    """Time to live in seconds; 0 or None: forever."""
    poison_threshold: int = 5
    """Sends of one `source_id` within 24 h after which a message is quarantined; 0: no limit."""
    deduplication_window: int = 3600
    """Seconds within which sends of one `dedup_key` become one message; 0: never."""
    redis_key_prefix: str = DefaultPrefix("dlq")
    """Prefix of the queue names. Default of an ActionDLQHandler: `action_dlq`."""
    metrics_namespace: str = "dlq"
    """Has no effect: the service has metrics by queue."""
    success_callback: MessageCallback | None = None
    """Called after a handler of this process succeeded."""
    failure_callback: MessageCallback | None = None
    """Called when a failed attempt of this process moved the message to quarantine."""
    transform_function: MessageCallback | None = None
    """Returns what the handler gets. If it raises, that is the original message."""
    target: str | Client | None = field(default=None, kw_only=True)
    """New: the service, `host:port` or a client, for handlers without a connection argument."""
