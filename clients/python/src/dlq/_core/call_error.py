"""What the end of a call means."""

from __future__ import annotations

from dataclasses import dataclass, field

import grpc

from dlq.v1.dlq_service_pb2 import ErrorStatus

from ..errors import DlqClientError
from .error_details import ErrorDetails, details_of_status, details_of_trailers
from .peek import peek

_AGAIN = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED", "CANCELLED"})
"""Statuses after which the same call may be made again under its request id."""

_BROKEN = frozenset({"INTERNAL", "UNKNOWN", "RESOURCE_EXHAUSTED"})
"""What a broken connection becomes on its way through HTTP/2, where no server has spoken."""

_NOT_TAKEN = frozenset(
    {
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "UNAUTHENTICATED",
    }
)
"""Statuses by which a server says that it did not take a call."""

_FINAL = frozenset(
    {"INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "OUT_OF_RANGE", "UNIMPLEMENTED"}
)

_NO_CONNECTION = ("failed to connect to all addresses", "DNS resolution failed", "name resolution")

_ADVICE = {
    "UNAUTHENTICATED": "; give the client a `token` that the server knows",
    "UNIMPLEMENTED": "; is `target` the gRPC address of a DLQ server (port 50051 by default)?",
}

_RAISE_LIMIT = "; a proxy on the way takes no call of that size: raise its limit"

_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}


@dataclass(frozen=True)
class CallError:
    """How a call, or one part of a batch, failed."""

    code: str
    """Name of the gRPC status."""
    message: str
    details: ErrorDetails = field(default_factory=ErrorDetails)

    @property
    def words(self) -> str:
        return self.message or self.code

    @property
    def is_worth_again(self) -> bool:
        """Whether it makes sense, and is safe, to make the same call again."""
        if self.code in _AGAIN:
            return True
        if self.code == "RESOURCE_EXHAUSTED" and self.details.retry_after_s is not None:
            return True
        if self.code not in _BROKEN or not self.details.is_empty:
            return False
        return not self._is_local and not self.is_too_large_on_the_way

    @property
    def never_arrived(self) -> bool:
        """The call can't have had an effect: nobody was there to take it."""
        if self.code != "UNAVAILABLE" or not self.details.is_empty:
            return False
        return any(words in self.message for words in _NO_CONNECTION)

    @property
    def is_of_the_whole_call(self) -> bool:
        """A batch that is refused as a whole, although all but one of its messages may be fine."""
        if self.code in ("INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"):
            return True
        return self._is_local or self.is_too_large_on_the_way

    @property
    def is_final(self) -> bool:
        """Whether no later try can help.

        The service's own errors always carry details: without them, a proxy may have spoken. A token
        may become right, and a full queue get room.
        """
        if self._is_local:
            return True
        if self.details.is_empty:
            return False
        return self.code in _FINAL or self.details.reason == "TOO_LARGE"

    @property
    def is_silence(self) -> bool:
        """Nobody has said anything."""
        return self.code == "DEADLINE_EXCEEDED" and self.details.is_empty

    @property
    def is_away(self) -> bool:
        """The service could not be reached, or not in time."""
        return self.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED") or (
            self.is_worth_again and self.details.is_empty
        )

    @property
    def _is_local(self) -> bool:
        """grpcio itself could not write the request."""
        return self.code == "INTERNAL" and "serializ" in self.message

    @property
    def is_too_large_on_the_way(self) -> bool:
        """HTTP 413: a proxy takes no call of that size, as nginx by default of more than 1 MiB.

        A smaller one may pass. Only the words have the number.
        """
        return self.code == "UNKNOWN" and self.details.is_empty and "status: 413" in self.message

    def refusal(self, was_maybe_stored: bool = False) -> DlqClientError:
        """`was_maybe_stored`: an earlier try may have had its effect, of which this says nothing."""
        if self._is_local:
            return DlqClientError("invalid", self.message, maybe_stored=was_maybe_stored)
        stranger = self.code in ("UNAUTHENTICATED", "PERMISSION_DENIED")
        is_too_large = self.is_too_large_on_the_way
        advice = _RAISE_LIMIT if is_too_large else _ADVICE.get(self.code, "")
        return DlqClientError(
            "unauthenticated" if stranger else "refused",
            f"{self.words}{advice}",
            code=self.code,
            maybe_stored=was_maybe_stored or not (is_too_large or self.code in _NOT_TAKEN),
        )


def call_error_of(error: BaseException) -> CallError:
    code = peek(error, "code")
    status = code() if callable(code) else None
    if not isinstance(status, grpc.StatusCode):
        # A channel that was closed under the call raises a plain ValueError.
        return CallError("CANCELLED", f"{type(error).__name__}: {error}")
    words, trailers = peek(error, "details"), peek(error, "trailing_metadata")
    return CallError(
        status.name,
        (words() if callable(words) else None) or "",
        details_of_trailers(trailers() if callable(trailers) else None),
    )


def part_error_of(status: ErrorStatus) -> CallError:
    code = _NAMES.get(status.code, "UNKNOWN")
    return CallError(code, status.message, details_of_status(status))


NO_RESULT = CallError("INTERNAL", "the server gave no result")
