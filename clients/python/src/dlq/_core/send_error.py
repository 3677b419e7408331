"""Why a send was dropped, and what to do."""

from __future__ import annotations

from ..errors import DlqClientError, ErrorKind
from ..options import Coalesce
from .peek import words_of
from .send_book import PendingSend


def late_error(send: PendingSend) -> DlqClientError:
    return DlqClientError(
        "deadline",
        f"not sent in time: {_why_not_yet(send)}; is the server at `target` up? Keep the message "
        "elsewhere, give a larger timeout, or leave the spool on",
        code=_code_of(send),
        maybe_stored=send.maybe_stored,
    )


def closed_error(send: PendingSend) -> DlqClientError:
    return _ended(send, "closed", "the client was closed before this was sent")


def aborted_error(send: PendingSend) -> DlqClientError:
    return _ended(send, "aborted", "the task that waited for this send was cancelled")


def full_error(send: PendingSend, pending: int, limits: Coalesce) -> DlqClientError:
    size, most = send.letter.bytes, limits.max_pending_bytes
    if size > most:
        words = (
            f"it takes {size} bytes, and no more than {most} may be pending; store large content "
            "elsewhere, or raise coalesce.max_pending_bytes"
        )
    else:
        words = (
            f"{pending} sends are pending already; send less at once, or raise "
            "coalesce.max_pending_messages and max_pending_bytes"
        )
    return DlqClientError("buffer-full", words)


def kept_nowhere(send: PendingSend, why: DlqClientError, fault: Exception) -> DlqClientError:
    """`why` it went to the spool, and what the spool said to that."""
    reason = _why_not_yet(send) if why.kind == "deadline" else words_of(why)
    if isinstance(fault, DlqClientError):
        words = words_of(fault)
    else:
        words = f"the spool can't keep it: {words_of(fault)}"
    error = DlqClientError(
        "spool-full",
        f"not sent: {reason}; and {words}",
        code=why.code,
        maybe_stored=send.maybe_stored,
    )
    error.__cause__ = why if isinstance(fault, DlqClientError) else fault
    return error


def _ended(send: PendingSend, kind: ErrorKind, words: str) -> DlqClientError:
    """Without what had failed before, nobody would look there."""
    if send.last_error is not None:
        words += f"; the server had not taken it: {_why_not_yet(send)}"
    return DlqClientError(kind, words, code=_code_of(send), maybe_stored=send.maybe_stored)


def _why_not_yet(send: PendingSend) -> str:
    last = send.last_error
    return "the server did not answer" if last is None else last.words


def _code_of(send: PendingSend) -> str | None:
    return None if send.last_error is None else send.last_error.code
