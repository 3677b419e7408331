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
from .options import Coalesce, RetryPolicy, SendOptions, SpoolOptions, Tls
from .outcome import Outcome, OutcomeKind, discard, fail, quarantine, release
from .results import Dropped, FailedDelivery, SendResult, Spooled, Stored
from .worker import Handler, Worker
from .worker_options import SettledDelivery, WorkerSettings

__version__ = "0.1.0"

__all__ = [
    "Client",
    "Coalesce",
    "Delivery",
    "DlqClientError",
    "Dropped",
    "ErrorDetails",
    "ErrorKind",
    "FailedDelivery",
    "Handler",
    "NonRetryableError",
    "Outcome",
    "OutcomeKind",
    "RetryAfterError",
    "RetryPolicy",
    "SendOptions",
    "SendResult",
    "SettledDelivery",
    "SpoolOptions",
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
]
