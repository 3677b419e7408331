"""The classes of the old Python package "Shared DLQ", on top of the service.

To migrate, a program changes its import and its connection: `from dlq.compat import DLQHandler, DLQConfig`, and
`DLQHandler("localhost:50051", config)`. docs/guides/migrate.md says what each setting becomes. New programs use
`dlq.Client` or `dlq.aio.Client`.
"""

from .config import DLQConfig, MessageCallback
from .handlers import ActionDLQHandler, DLQHandler, DLQStats, MessageHandler, QueueSizes
from .models import (
    AUTH_RETRY_POLICY,
    EXECUTION_RETRY_POLICY,
    NETWORK_RETRY_POLICY,
    RESOURCE_RETRY_POLICY,
    STANDARD_RETRY_POLICY,
    VALIDATION_RETRY_POLICY,
    WEBHOOK_RETRY_POLICY,
    DLQMessage,
    DLQReason,
    RetryPolicy,
)

__all__ = [
    "AUTH_RETRY_POLICY",
    "EXECUTION_RETRY_POLICY",
    "NETWORK_RETRY_POLICY",
    "RESOURCE_RETRY_POLICY",
    "STANDARD_RETRY_POLICY",
    "VALIDATION_RETRY_POLICY",
    "WEBHOOK_RETRY_POLICY",
    "ActionDLQHandler",
    "DLQConfig",
    "DLQHandler",
    "DLQMessage",
    "DLQReason",
    "DLQStats",
    "MessageCallback",
    "MessageHandler",
    "QueueSizes",
    "RetryPolicy",
]
