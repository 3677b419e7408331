"""The numbers by which the service knows a send again, however late it comes a second time."""

from __future__ import annotations

import os

from dlq.v1.dlq_service_pb2 import SendToDlqRequest


class SendNumbers:
    """Of one client in one process: a forked one makes its own."""

    def __init__(self) -> None:
        self._client_id = os.urandom(16)
        self._last: dict[str, int] = {}

    def give(self, request: SendToDlqRequest) -> None:
        number = self._last.get(request.queue, 0) + 1
        self._last[request.queue] = number
        request.send_number.client_id = self._client_id
        request.send_number.number = number
