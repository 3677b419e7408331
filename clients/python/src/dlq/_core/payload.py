"""Messages, byte for byte."""

from __future__ import annotations

import json
from typing import Any

from dlq.v1.message_pb2 import Payload

from .peek import well_formed

JSON_TYPE = "application/json"


class DeliveryPayload:
    """The message of a delivery, as it was sent. Given to `send`, it is sent again as it is."""

    __slots__ = ("raw",)

    def __init__(self, raw: Payload) -> None:
        self.raw: Payload = raw

    @property
    def content_type(self) -> str:
        """A media type; empty if the sender gave none."""
        return self.raw.content_type

    @property
    def text(self) -> str:
        """As text; bytes are read as UTF-8."""
        if self.raw.WhichOneof("body") == "data":
            return self.raw.data.decode("utf-8", "replace")
        return self.raw.text

    @property
    def bytes(self) -> bytes:
        """As bytes; text is given as UTF-8."""
        if self.raw.WhichOneof("body") == "data":
            return self.raw.data
        return self.raw.text.encode()

    def json(self) -> Any:
        """Parsed; raises a ValueError if it is no JSON."""
        return json.loads(self.bytes)

    def __repr__(self) -> str:
        return f"DeliveryPayload({self.text[:80]!r})"


def payload_of(value: object, content_type: str | None) -> Payload:
    """Text is text, bytes are bytes, the payload of a delivery stays what it was, the rest is JSON.

    Raises what `json.dumps` raises.
    """
    if isinstance(value, DeliveryPayload):
        return value.raw
    payload = Payload()
    if isinstance(value, (bytes, bytearray, memoryview)):
        payload.data = bytes(value)
    elif isinstance(value, str):
        payload.text = well_formed(value)
    else:
        payload.text = well_formed(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        payload.content_type = JSON_TYPE
    if content_type is not None:
        payload.content_type = content_type
    return payload


def same_payload(one: Payload, other: Payload) -> bool:
    """Whether both hold the same bytes, as text or not; or, where `other` is JSON, the same JSON."""
    a, b = DeliveryPayload(one), DeliveryPayload(other)
    if a.bytes == b.bytes:
        return True
    if other.content_type != JSON_TYPE:
        return False
    try:  # other languages write JSON with other spaces and escapes
        return bool(a.json() == b.json())
    except ValueError:
        return False
