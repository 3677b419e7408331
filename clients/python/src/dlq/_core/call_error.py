"""How a call failed, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field

import grpc

from dlq.v1.dlq_service_pb2 import ErrorStatus

from ..errors import DlqClientError
from .error_details import ErrorDetails, details_of_status, details_of_trailers
from .safe_read import safe_read

_RETRYABLE = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED", "CANCELLED"})
"""Statuses after which the same call may be repeated under its request id."""

_CONNECTION_BROKEN = frozenset({"INTERNAL", "UNKNOWN", "RESOURCE_EXHAUSTED"})
"""Statuses that grpcio gives to a broken HTTP/2 connection. Such errors have no details."""

_NOT_STORED = frozenset(
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
"""Statuses with which a server says that the call had no effect."""

_FINAL = frozenset(
    {"INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "OUT_OF_RANGE", "UNIMPLEMENTED"}
)

NO_TOKEN = "no token for the call"
_UNKNOWN_HOST = ("DNS resolution failed", "name resolution", "errors resolving")
_NOT_SENT = ("failed to connect to all addresses", *_UNKNOWN_HOST, NO_TOKEN)

_ADVICE = {
    "UNAUTHENTICATED": "; give the client a valid `token`",
    "UNIMPLEMENTED": "; is `target` the gRPC address of a DLQ server (port 50051 by default)?",
}

_IS_IT_UP = "; is the server at `target` up?"
NO_ANSWER = f"the server did not answer{_IS_IT_UP}"
_CONNECTION_ADVICE = {
    "WRONG_VERSION_NUMBER": "; the server may have no TLS: give a `target` with http:// instead of https://",
    "CERTIFICATE_VERIFY_FAILED": "; give the certificate of its CA: tls=Tls(ca=...)",
    **dict.fromkeys(
        ("not in peer certificate", "Hostname Verification"),
        "; give a `target` that its certificate names, or tls=Tls(server_name=...)",
    ),
    "http1.x": "; is `target` its gRPC address (port 50051 by default), not that of HTTP?",
    NO_TOKEN: "; see the `token` of the client",
    "Socket closed": "; if the server has TLS, give a `target` with https://",
    **dict.fromkeys(_UNKNOWN_HOST, "; is the host in `target` right?"),
}
"""By what versions of grpcio write about a connection that could not be made."""

_RAISE_LIMIT = "; a proxy between client and server refuses calls of this size: raise its limit"

_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}


@dataclass(frozen=True)
class CallError:
    """Why a call, or one message of a batch, failed."""

    code: str
    """Name of the gRPC status."""
    message: str
    details: ErrorDetails = field(default_factory=ErrorDetails)

    @property
    def text(self) -> str:
        """Why it failed, and what to check if the service did not answer."""
        return NO_ANSWER if self.is_timeout else f"{self.message or self.code}{self._advice}"

    @property
    def _advice(self) -> str:
        if not self.is_unavailable or not self.details.is_empty:
            return ""
        found = (text for part, text in _CONNECTION_ADVICE.items() if part in self.message)
        return next(found, _IS_IT_UP) if self.never_arrived else _IS_IT_UP

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may succeed later, and is safe to repeat."""
        if self.code in _RETRYABLE:
            return True
        if self.code == "RESOURCE_EXHAUSTED" and self.details.retry_after_s is not None:
            return True
        if self.code not in _CONNECTION_BROKEN or not self.details.is_empty:
            return False
        return not self._is_local and not self.is_proxy_size_limit

    @property
    def never_arrived(self) -> bool:
        """No connection was made, or there was no token: the call had no effect."""
        if self.code != "UNAVAILABLE" or not self.details.is_empty:
            return False
        return any(text in self.message for text in _NOT_SENT)

    @property
    def is_worth_splitting(self) -> bool:
        """One message may be the reason why the whole batch was refused."""
        if self.code in ("INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"):
            return True
        return self._is_local or self.is_proxy_size_limit

    def as_ping_error(self, target: str) -> DlqClientError:
        """The error of a call that asks the server at `target` only whether it works."""
        if not self.is_retryable:
            return self.as_client_error()
        what = "does not answer" if self.details.is_empty else "is not ready"
        return DlqClientError("connection", f"{target} {what}: {self.text}", code=self.code)

    @property
    def is_final(self) -> bool:
        """No later try can succeed.

        An error of the service always has details. One without may come from a proxy, and is not
        final. Neither is a wrong token or a full queue.
        """
        if self._is_local:
            return True
        if self.details.is_empty:
            return False
        return self.code in _FINAL or self.details.reason == "TOO_LARGE"

    @property
    def is_timeout(self) -> bool:
        """No response came in time."""
        return self.code == "DEADLINE_EXCEEDED" and self.details.is_empty

    @property
    def is_unavailable(self) -> bool:
        """The service could not be reached, or did not respond in time."""
        return self.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED") or (
            self.is_retryable and self.details.is_empty
        )

    @property
    def _is_local(self) -> bool:
        """grpcio could not serialize the request."""
        return self.code == "INTERNAL" and "serializ" in self.message

    @property
    def is_proxy_size_limit(self) -> bool:
        """A proxy refused the call with HTTP 413, as nginx does above 1 MiB by default.

        A smaller call may pass. The HTTP status is in the message only.
        """
        return self.code == "UNKNOWN" and self.details.is_empty and "status: 413" in self.message

    def as_client_error(self, was_maybe_stored: bool = False) -> DlqClientError:
        """`was_maybe_stored`: an earlier try of the same send may have taken effect."""
        if self._is_local:
            return DlqClientError("invalid", self.message, maybe_stored=was_maybe_stored)
        is_access = self.code in ("UNAUTHENTICATED", "PERMISSION_DENIED")
        is_too_large = self.is_proxy_size_limit
        advice = _RAISE_LIMIT if is_too_large else _ADVICE.get(self.code, "")
        return DlqClientError(
            "unauthenticated" if is_access else "refused",
            f"{self.text}{advice}",
            code=self.code,
            maybe_stored=was_maybe_stored or not (is_too_large or self.code in _NOT_STORED),
        )


def call_error_of(error: BaseException) -> CallError:
    code = safe_read(error, "code")
    status = code() if callable(code) else None
    if not isinstance(status, grpc.StatusCode):
        # grpcio raises a plain ValueError if the channel was closed during the call.
        return CallError("CANCELLED", f"{type(error).__name__}: {error}")
    details, trailers = safe_read(error, "details"), safe_read(error, "trailing_metadata")
    return CallError(
        status.name,
        " ".join(((details() if callable(details) else None) or "").split()),
        details_of_trailers(trailers() if callable(trailers) else None),
    )


def more_specific(earlier: CallError | None, error: CallError) -> CallError:
    """A timeout has no cause. An earlier error, for example about a certificate, may have one."""
    return earlier if earlier is not None and error.is_timeout else error


def result_error_of(status: ErrorStatus) -> CallError:
    """The error of one message of a batch."""
    code = _NAMES.get(status.code, "UNKNOWN")
    return CallError(code, status.message, details_of_status(status))


NO_RESULT = CallError("INTERNAL", "the server returned no result for this message")
