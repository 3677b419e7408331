"""Tracks whether the service can be reached."""

from __future__ import annotations

from .call_error import CallError, more_specific

_UNAVAILABLE_AFTER_FAILURES = 2
_PROBE_AFTER_S = 45.0
"""Longer than the spool sender ever waits between two calls."""


class Reachability:
    """The service is unavailable after two failed calls in a row, if the second began after the first had failed, until
    a call is answered. 45 s after the last failed call, the next send is a probe."""

    def __init__(self) -> None:
        self._failures = 0
        self._failed_at = 0.0
        self.last_error: CallError | None = None
        """Why the last failed call did not reach the service."""

    def is_unavailable(self, now: float) -> bool:
        is_recent = now - self._failed_at < _PROBE_AFTER_S
        return self._failures >= _UNAVAILABLE_AFTER_FAILURES and is_recent

    @property
    def is_failing(self) -> bool:
        """The last call has failed."""
        return self._failures > 0

    def answered(self) -> None:
        """The service has answered a call."""
        self._failures = 0

    def failed(self, began_at: float, now: float, error: CallError) -> None:
        """A call that began at `began_at` did not reach the service."""
        self.last_error = more_specific(self.last_error if self.is_failing else None, error)
        if self._failures > 0 and began_at < self._failed_at:
            return  # calls at the same time fail together: one failure
        self._failures += 1
        self._failed_at = now
