"""Errors of this client, and errors by which a handler says what should become of its message."""

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
    "lease-lost",
    "connection",
]
"""Why something did not do what was asked:

- `deadline`: no answer within `timeout`, and there is no spool;
- `buffer-full`: more is pending than `coalesce` allows, and there is no spool;
- `spool-full`: the service is away, and its spool has no more room;
- `refused`: the server looked at it and said no;
- `unauthenticated`: the server wants a token, or another one;
- `invalid`: it can't be put on the wire;
- `aborted`: the task that waited was cancelled;
- `closed`: the client was closed;
- `lease-lost`: an outcome came too late and does not count;
- `connection`: a worker's stream broke; it is opened again.
"""


class DlqClientError(Exception):
    """An error of this client. Branch on `kind`; the words say what to do."""

    def __init__(
        self, kind: ErrorKind, message: str, *, code: str | None = None, maybe_stored: bool = False
    ) -> None:
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.code = code
        """Name of the gRPC status of the call that failed, if one did."""
        self.maybe_stored = maybe_stored
        """True: a try went out and its answer is not known, so the server may have taken it."""


class NonRetryableError(Exception):
    """Raise it where trying again can't help: the message goes to quarantine."""

    non_retryable = True


class RetryAfterError(Exception):
    """Raise it where somebody said when to come back, e.g. by `Retry-After`."""

    def __init__(self, message: str, retry_after: Seconds) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Replaces the policy's delay. Seconds, or a timedelta."""
