"""Errors of this client, and errors that a handler raises to control the retry of its message."""

from __future__ import annotations

from typing import Literal, TypeAlias

from ._core.durations import Seconds

ErrorKind: TypeAlias = Literal[
    "deadline",
    "buffer-full",
    "spool-full",
    "refused",
    "unauthenticated",
    "invalid",
    "aborted",
    "closed",
    "handler-failed",
    "lease-lost",
    "connection",
]
"""What went wrong:

- `deadline`: no answer within `timeout`, and no spool;
- `buffer-full`: more sends are pending than `coalesce` allows, and no spool;
- `spool-full`: the message could not be sent, and the spool is full;
- `refused`: the server refused it;
- `unauthenticated`: the token is missing or wrong;
- `invalid`: the payload or an option can't be encoded;
- `aborted`: the waiting task was cancelled;
- `closed`: the client was closed;
- `handler-failed`: a handler raised, or returned what is no outcome; `__cause__` is the exception;
- `lease-lost`: an outcome came too late and does not count;
- `connection`: a worker's stream broke; the worker reconnects.
"""


class DlqClientError(Exception):
    """An error of this client. Branch on `kind`; the message says what to do."""

    def __init__(
        self, kind: ErrorKind, message: str, *, code: str | None = None, maybe_stored: bool = False
    ) -> None:
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.code = code
        """Name of the gRPC status, if a call failed."""
        self.maybe_stored = maybe_stored
        """True: a call was made and its answer was lost, so the server may have stored the message."""


class NonRetryableError(Exception):
    """Raise it if a retry can't succeed: the message goes to quarantine."""

    non_retryable = True


class RetryAfterError(Exception):
    """Raise it if the time of the next attempt is known, for example from a `Retry-After` header."""

    def __init__(self, message: str, retry_after: Seconds) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds or a timedelta. Replaces the delay of the retry policy."""
