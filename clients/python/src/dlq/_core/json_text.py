"""Encodes values as JSON that every language can read."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from uuid import UUID


def json_text(value: object) -> str:
    """Returns compact JSON. Dataclasses and mappings become objects, and sets become sorted arrays; dates and times
    become ISO 8601; Decimal, UUID and paths become text; enums become their value. NaN and Infinity, which JSON
    does not have, become null, and lone surrogates keep their escape.

    Raises TypeError, ValueError or RecursionError for other values.
    """
    try:
        text = _dumps(value, allow_nan=False)
    except ValueError:  # also raised again for an object that contains itself
        text = _dumps(json.loads(_dumps(value), parse_constant=lambda _: None))
    return text.encode("utf-8", "backslashreplace").decode()


def not_json(value: object) -> list[object]:
    """Returns the parts of a value that JSON can't hold, as far as it can be read."""
    parts: list[object] = []

    def plain(part: object) -> object:
        try:
            return _plain(part)
        except TypeError:
            parts.append(part)
            return None

    with contextlib.suppress(Exception):  # it may contain itself, or raise
        json.dumps(value, skipkeys=True, default=plain)
    return parts


def _dumps(value: object, *, allow_nan: bool = True) -> str:
    return json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), allow_nan=allow_nan, default=_plain
    )


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    if isinstance(value, (set, frozenset)):
        try:
            return sorted(value)
        except TypeError:  # of several types
            return sorted(value, key=repr)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (Decimal, UUID, PurePath)):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(
        f"JSON can't hold a value of type {type(value).__qualname__}; give text, bytes, or a dict"
    )
