"""Predicts what the service does with messages."""

from __future__ import annotations

from collections.abc import Sequence

from .._core.presets import preset_retries
from ..v1.dlq_service_pb2 import SendToDlqRequest
from ..v1.state_pb2 import REASON_MAX_RETRIES_EXCEEDED, REASON_POISON_MESSAGE
from .importer import Accepted, Refused

_PAYLOAD_BYTES = 1024**2


class DryRun:
    """Answers like a server with default settings, and empty queues without settings and rules of their own."""

    def __init__(self) -> None:
        self._stored: set[bytes] = set()

    def send(self, requests: Sequence[SendToDlqRequest]) -> list[Accepted | Refused]:
        return [self._result_of(one) for one in requests]

    def close(self) -> None:
        """Has nothing to close."""

    def _result_of(self, request: SendToDlqRequest) -> Accepted | Refused:
        size = len(request.payload.text.encode())
        if size > _PAYLOAD_BYTES:
            return Refused(
                f"original_message has {size} bytes; the server's default limit is 1 MiB"
            )
        identity = request.send_number.client_id
        if identity in self._stored:
            return Accepted("", was_stored_before=True)
        self._stored.add(identity)
        state = "QUARANTINED" if _is_quarantined(request) else "SCHEDULED"
        return Accepted(state, was_stored_before=False)


def _is_quarantined(request: SendToDlqRequest) -> bool:
    reason = request.failure.reason
    if request.imported_history.quarantined:
        return True
    if reason in (REASON_POISON_MESSAGE, REASON_MAX_RETRIES_EXCEEDED):
        return True
    is_own = request.HasField("max_retries")
    retries = request.max_retries if is_own else preset_retries(reason)
    return request.imported_history.attempts >= retries
