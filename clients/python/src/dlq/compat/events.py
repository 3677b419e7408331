"""Publishes the events of the old package on a NATS client of the program."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import uuid
from datetime import datetime, timezone
from typing import Any

from .._core.log import log
from .._core.log_pace import LogPace
from .models import DLQMessage

_MAX_PUBLISH_S = 5.0
"""How long one event may delay its sender."""
_ID_HEADER = "Nats-Msg-Id"
"""By it a stream drops repeated events."""


class EventPublisher:
    """Without a client, does nothing. Never raises: at most once a minute, the log has why an event is missing."""

    def __init__(self, client: Any, prefix: str, *, has_action: bool) -> None:
        """`has_action`: events have the fields of the action that the message executes."""
        self._client = client
        self._prefix = prefix
        self._has_action = has_action
        self._pace = LogPace()

    def __bool__(self) -> bool:
        return self._client is not None

    async def publish(self, event_type: str, message: DLQMessage) -> None:
        """Waits for the client, but at most 5 s."""
        if self._client is None:
            return
        ending = "poison" if event_type == "moved_to_poison" else event_type
        topic = f"{self._prefix}.{message.queue_name}.{ending}"
        try:
            await asyncio.wait_for(
                self._publish(topic, self._event(event_type, message)), _MAX_PUBLISH_S
            )
        except Exception as error:
            if self._pace.take():
                why = repr(error) if str(error) else type(error).__name__
                log.error("dlq: event %s was not published: %s", topic, why)

    async def _publish(self, topic: str, event: dict[str, Any]) -> None:
        publish = self._client.publish
        if not _is_of_nats_py(self._client):
            given = publish(topic, event)
        elif "headers" in inspect.signature(publish).parameters:
            given = publish(topic, _json_of(event), headers={_ID_HEADER: event["event_id"]})
        else:  # before version 2
            given = publish(topic, _json_of(event))
        if inspect.isawaitable(given):
            await given

    def _event(self, event_type: str, message: DLQMessage) -> dict[str, Any]:
        return {
            "message_id": message.message_id,
            "reason": message.reason.value,
            "retry_count": message.retry_count,
            "queue_name": message.queue_name,
            **(_action_of(message) if self._has_action else {}),
            "timestamp": datetime.now(timezone.utc).isoformat(),
            "event_type": event_type,
            "event_id": str(uuid.uuid4()),
        }


def _action_of(message: DLQMessage) -> dict[str, Any]:
    given = message.original_message
    fields = given if isinstance(given, dict) else {}
    action = {
        "action_type_id": fields.get("action_type_id"),
        "object_ids": fields.get("object_ids", []),
    }
    executed_by = fields.get("executed_by") or message.metadata.get("executed_by")
    return {**action, "executed_by": executed_by} if executed_by else action


def _is_of_nats_py(client: object) -> bool:
    """nats-py need not be installed. A client of it has imported its module."""
    module = sys.modules.get("nats.aio.client")
    return module is not None and isinstance(client, module.Client)


def _json_of(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False, default=str).encode("utf-8", "replace")
