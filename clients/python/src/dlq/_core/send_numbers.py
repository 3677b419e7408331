"""Numbers sends, so that the service recognizes a repeated one, however late."""

from __future__ import annotations

import os

from dlq.v1.dlq_service_pb2 import SendToDlqRequest


class SendNumbers:
    """Of one client in one process. A forked process makes its own."""

    def __init__(self) -> None:
        self._client_id = os.urandom(16)
        self._last: dict[str, int] = {}

    def assign(self, request: SendToDlqRequest) -> None:
        number = self._last.get(request.queue, 0) + 1
        self._last[request.queue] = number
        request.send_number.client_id = self._client_id
        request.send_number.number = number
