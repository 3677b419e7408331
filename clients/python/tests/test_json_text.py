"""Values that are sent as JSON."""

from __future__ import annotations

import enum
import json
import types
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from uuid import UUID

import pytest

import dlq
from dlq._core.json_text import json_text
from dlq.testing import FakeServer


class Color(enum.Enum):
    RED = "red"


class Point(NamedTuple):
    x: int
    y: int


@dataclass
class Order:
    id: UUID
    price: Decimal
    at: datetime
    tags: set[str] = field(default_factory=set)
    parent: Order | None = None


ORDER = Order(
    UUID(int=7),
    Decimal("1.10"),
    datetime(2024, 5, 1, tzinfo=timezone.utc),
    {"b", "a"},
    Order(UUID(int=8), Decimal(2), datetime(2024, 5, 2)),
)
AS_JSON = {
    "id": "00000000-0000-0000-0000-000000000007",
    "price": "1.10",
    "at": "2024-05-01T00:00:00+00:00",
    "tags": ["a", "b"],
    "parent": {
        "id": "00000000-0000-0000-0000-000000000008",
        "price": "2",
        "at": "2024-05-02T00:00:00",
        "tags": [],
        "parent": None,
    },
}


def test_a_dataclass_is_sent_as_an_object(fake: FakeServer) -> None:
    with dlq.Client(fake.target, spool=False) as client:
        assert client.send("orders", ORDER).status == "sent"

        @client.dead_letter(queue="orders")
        def charge(order: Order) -> None:
            raise ValueError("no card")

        assert charge(ORDER) is None
    for message in fake.messages("orders"):
        assert message.payload.content_type == "application/json"
        assert message.payload.json() == AS_JSON


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({3, 1, 2}, "[1,2,3]"),
        (frozenset({"a", 1}), '["a",1]'),
        (date(2024, 5, 1), '"2024-05-01"'),
        (Color.RED, '"red"'),
        (Point(1, 2), "[1,2]"),
        (PurePosixPath("/a/b"), '"/a/b"'),
        (types.MappingProxyType({"a": 1}), '{"a":1}'),
        ({"a": float("nan"), "b": [float("-inf"), {1.5}]}, '{"a":null,"b":[null,[1.5]]}'),
        ({"é": "a\ud800\\\ud800"}, '{"é":"a\\ud800\\\\\\ud800"}'),
    ],
)
def test_values_become_json_of_any_language(value: object, expected: str) -> None:
    assert json_text(value) == expected
    json.loads(expected)


class Own:
    pass


def _itself() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (Own(), "can't hold a value of type Own"),
        ({"raw": b"\xff"}, "can't hold a value of type bytes"),
        ({(1, 2): 3}, "keys must be str"),
        (Order, "can't hold a value of type type"),
        (_itself(), "Circular reference"),
    ],
)
def test_other_values_are_invalid(fake: FakeServer, value: object, why: str) -> None:
    with dlq.Client(fake.target, spool=False) as client:
        result = client.send("orders", value)
    assert isinstance(result, dlq.Dropped)
    assert result.error.kind == "invalid"
    assert why in str(result.error)
