"""Settings of the old package."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .models import RetryPolicy

if TYPE_CHECKING:
    from ..aio.client import Client


@dataclass
class DLQConfig:
    """Of a handler and all of its queues. What each setting becomes is in docs/guides/migrate.md."""

    name: str
    """Shown with each message as the service that sent it."""
    max_retries: int = 3
    """Failed attempts after which a message is set aside; where the policy has fewer, those."""
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    ttl: int | None = 86400
    """Seconds that a message lives; 0 or None: for ever."""
    poison_threshold: int = 5
    """Sends of one `source_id` within 24 h that set a message aside; 0: however many."""
    deduplication_window: int = 3600
    """Seconds in which sends of one `dedup_key` join one message; 0: never."""
    redis_key_prefix: str = "dlq"
    """Begins the names of the queues."""
    metrics_namespace: str = "dlq"
    """Without effect: the service has metrics, by queue."""
    target: str | Client | None = field(default=None, kw_only=True)
    """New: the service, where the handler is given none: `host:port`, or a client."""
