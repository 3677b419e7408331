"""Client of the DLQ service: sends dead letters and works on due messages.

    from dlq import Client              # for programs without asyncio
    from dlq.aio import Client          # for programs with asyncio

The generated messages and stubs are in `dlq.v1`.
"""

from ._core.error_details import ErrorDetails, error_details
from .client import Client
from .default_client import dead_letter, default_client
from .delivery import Delivery
from .errors import DlqClientError, ErrorKind, NonRetryableError, RetryAfterError
from .middleware import Middleware
from .options import Coalesce, RetryPolicy, RetryWindowOptions, SendOptions, SpoolOptions, Tls
from .outcome import Outcome, OutcomeKind, discard, fail, quarantine, release, succeed
from .outcome_event import OutcomeCallback, OutcomeEvent
from .results import Dropped, FailedDelivery, SendResult, Spooled, Stored
from .status import ClientStatus, SpoolUsage
from .worker import BatchHandler, Handler, Worker
from .worker_options import SettledDelivery, WorkerSettings

__version__ = "0.1.0"

__all__ = [
    "BatchHandler",
    "Client",
    "ClientStatus",
    "Coalesce",
    "Delivery",
    "DlqClientError",
    "Dropped",
    "ErrorDetails",
    "ErrorKind",
    "FailedDelivery",
    "Handler",
    "Middleware",
    "NonRetryableError",
    "Outcome",
    "OutcomeCallback",
    "OutcomeEvent",
    "OutcomeKind",
    "RetryAfterError",
    "RetryPolicy",
    "RetryWindowOptions",
    "SendOptions",
    "SendResult",
    "SettledDelivery",
    "SpoolOptions",
    "SpoolUsage",
    "Spooled",
    "Stored",
    "Tls",
    "Worker",
    "WorkerSettings",
    "dead_letter",
    "default_client",
    "discard",
    "error_details",
    "fail",
    "quarantine",
    "release",
    "succeed",
]
