"""Errors of dropped sends: why, and what to do."""

from __future__ import annotations

from ..errors import DlqClientError, ErrorKind
from ..options import Coalesce
from .call_error import NO_ANSWER
from .safe_read import safe_str
from .send_queue import PendingSend


def deadline_error(send: PendingSend) -> DlqClientError:
    return DlqClientError(
        "deadline",
        f"not sent in time: {_last_error_text(send)}; store the message elsewhere, give a larger timeout, or leave "
        "the spool on",
        code=_code_of(send),
        maybe_stored=send.maybe_stored,
    )


def closed_error(send: PendingSend) -> DlqClientError:
    return _ended(send, "closed", "the client was closed before this was sent")


def aborted_error(send: PendingSend) -> DlqClientError:
    return _ended(send, "aborted", "the task that waited for this send was cancelled")


def buffer_full_error(send: PendingSend, pending: int, limits: Coalesce) -> DlqClientError:
    size, max_bytes = send.request.size_bytes, limits.max_pending_bytes
    if size > max_bytes:
        text = (
            f"it takes {size} bytes, and no more than {max_bytes} may be pending; store large content "
            "elsewhere, or raise coalesce.max_pending_bytes"
        )
    else:
        text = (
            f"{pending} sends are pending already; send less at once, or raise "
            "coalesce.max_pending_messages and max_pending_bytes"
        )
    return DlqClientError("buffer-full", text)


def spool_error(send: PendingSend, cause: DlqClientError, fault: Exception) -> DlqClientError:
    """`cause`: why the send went to the spool. `fault`: why the spool could not store it."""
    reason = _last_error_text(send) if cause.kind == "deadline" else safe_str(cause)
    if isinstance(fault, DlqClientError):
        text = safe_str(fault)
    else:
        text = f"the spool failed to store it: {safe_str(fault)}"
    error = DlqClientError(
        "spool-full",
        f"not sent: {reason}; and {text}",
        code=cause.code,
        maybe_stored=send.maybe_stored,
    )
    error.__cause__ = cause if isinstance(fault, DlqClientError) else fault
    return error


def _ended(send: PendingSend, kind: ErrorKind, text: str) -> DlqClientError:
    if send.last_error is not None:
        text += f"; the last try failed: {_last_error_text(send)}"
    return DlqClientError(kind, text, code=_code_of(send), maybe_stored=send.maybe_stored)


def _last_error_text(send: PendingSend) -> str:
    last = send.last_error
    return NO_ANSWER if last is None else last.text


def _code_of(send: PendingSend) -> str | None:
    return None if send.last_error is None else send.last_error.code
