"""Messages, reasons and retry policies of the old package."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, cast

from .. import options
from .._core.names import ReasonName

_MAX_RETRIES = 1000
_MAX_DELAY_S = 30 * 24 * 3600


class DLQReason(Enum):
    """Why a message failed. The old package stored these values."""

    VALIDATION_FAILED = "validation_failed"
    EXECUTION_FAILED = "execution_failed"
    TIMEOUT = "timeout"
    RESOURCE_EXHAUSTED = "resource_exhausted"
    PLUGIN_ERROR = "plugin_error"
    WEBHOOK_FAILED = "webhook_failed"
    MAX_RETRIES_EXCEEDED = "max_retries_exceeded"
    POISON_MESSAGE = "poison_message"
    UNKNOWN_ERROR = "unknown_error"
    NETWORK_ERROR = "network_error"
    AUTHENTICATION_ERROR = "authentication_error"


def reason_name_of(reason: object) -> ReasonName | None:
    """Returns the service's name of a reason, given as enum, name or value; None if unknown."""
    if isinstance(reason, Enum):
        reason = reason.name
    if not isinstance(reason, str):
        return None
    name = reason.strip().rpartition(".")[2].upper()
    return cast(ReasonName, name) if name in DLQReason.__members__ else None


@dataclass
class DLQMessage:
    """A message as callbacks get it. Fields that this process does not know are None or empty."""

    message_id: str
    queue_name: str
    original_message: Any
    reason: DLQReason
    error_details: str = ""
    """Of the latest failure, as `stack_trace`."""
    stack_trace: str | None = None
    retry_count: int = 0
    """Failed attempts."""
    max_retries: int = 0
    first_failure_time: datetime | None = None
    """When the service accepted it."""
    last_failure_time: datetime | None = None
    next_retry_time: datetime | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    """Values that were no text are JSON."""
    status: str = "pending"
    """`retrying` before a handler, then `succeeded`, `pending` or `poison`."""
    error_history: list[dict[str, Any]] = field(default_factory=list)
    """The latest failures, at most two, each with error_type, error_details and stack_trace."""


@dataclass(frozen=True)
class RetryPolicy:
    """When a message is retried. Times are seconds."""

    max_retries: int = 5
    initial_delay: float = 60
    max_delay: float = 3600
    backoff_multiplier: float = 2.0
    jitter: bool = True
    """Multiplies each delay by a random factor from 0.5 to 1.5."""

    def service_policy(self, max_retries: int) -> options.RetryPolicy:
        """Returns the policy for the service. `max_retries` is the DLQConfig's; the smaller one is used."""
        return {
            "max_retries": min(max(min(self.max_retries, max_retries), 0), _MAX_RETRIES),
            "initial_delay": min(max(self.initial_delay, 0), _MAX_DELAY_S),
            "max_delay": min(max(self.max_delay, 0), _MAX_DELAY_S),
            "multiplier": min(max(self.backoff_multiplier, 1.0), 100.0),
            "jitter": "proportional" if self.jitter else "none",
        }


# The service has presets of the same names.
WEBHOOK_RETRY_POLICY = RetryPolicy(3, 30, 300, 2.0)
VALIDATION_RETRY_POLICY = RetryPolicy(1, 60, 60, 1.0)
EXECUTION_RETRY_POLICY = RetryPolicy(5, 60, 1800, 3.0)
NETWORK_RETRY_POLICY = RetryPolicy(3, 5, 60, 2.0)
AUTH_RETRY_POLICY = RetryPolicy(2, 300, 3600, 2.0)
RESOURCE_RETRY_POLICY = RetryPolicy(5, 30, 900, 2.0)
STANDARD_RETRY_POLICY = RetryPolicy(3, 60, 3600, 2.0)
