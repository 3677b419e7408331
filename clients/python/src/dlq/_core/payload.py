"""Payloads of messages."""

from __future__ import annotations

import json
from typing import Any

from dlq.v1.message_pb2 import Payload

from .json_text import json_text
from .safe_read import well_formed

JSON_TYPE = "application/json"


class DeliveryPayload:
    """The payload of a delivery, as it was sent. `send` accepts it and sends it unchanged."""

    __slots__ = ("raw",)

    def __init__(self, raw: Payload) -> None:
        self.raw: Payload = raw

    @property
    def content_type(self) -> str:
        """A media type; empty if the producer gave none."""
        return self.raw.content_type

    @property
    def text(self) -> str:
        """The payload as text. Bytes are decoded as UTF-8."""
        if self.raw.WhichOneof("body") == "data":
            return self.raw.data.decode("utf-8", "replace")
        return self.raw.text

    @property
    def bytes(self) -> bytes:
        """The payload as bytes. Text is encoded as UTF-8."""
        if self.raw.WhichOneof("body") == "data":
            return self.raw.data
        return self.raw.text.encode()

    def json(self) -> Any:
        """Returns the parsed payload. Raises ValueError if it is not JSON."""
        return json.loads(self.bytes)

    def __repr__(self) -> str:
        return f"DeliveryPayload({self.text[:80]!r})"


def payload_of(value: object, content_type: str | None) -> Payload:
    """Encodes str as text, bytes as bytes, a delivery's payload unchanged, and all other values as JSON.

    Raises the errors of `json_text`.
    """
    if isinstance(value, DeliveryPayload):
        return value.raw
    payload = Payload()
    if isinstance(value, (bytes, bytearray, memoryview)):
        payload.data = bytes(value)
    elif isinstance(value, str):
        payload.text = well_formed(value)
    else:
        payload.text = json_text(value)
        payload.content_type = JSON_TYPE
    if content_type is not None:
        payload.content_type = content_type
    return payload


def same_payload(one: Payload, other: Payload) -> bool:
    """Reports whether both hold the same bytes, or the same JSON if `other` is JSON."""
    a, b = DeliveryPayload(one), DeliveryPayload(other)
    if a.bytes == b.bytes:
        return True
    if other.content_type != JSON_TYPE:
        return False
    try:  # other languages format JSON in other ways
        return bool(a.json() == b.json())
    except ValueError:
        return False
