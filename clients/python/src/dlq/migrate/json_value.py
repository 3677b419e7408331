"""Reads JSON as Python writes it, with NaN and lone surrogates, which other languages can't read."""

from __future__ import annotations

import json
import math


def read_json(value: bytes) -> tuple[object, list[str]]:
    """Returns the value, and a note if numbers became None that JSON does not have. Raises ValueError or
    RecursionError."""
    replaced: list[str] = []

    def number_of(text: str) -> float | None:
        number = float(text)
        if math.isfinite(number):
            return number
        replaced.append(text)
        return None

    found = json.loads(value, parse_constant=number_of, parse_float=number_of)
    if not replaced:
        return found, []
    return found, [f"{replaced[0]} is no number in JSON; such values are sent as null"]


def escaped(value: object) -> object:
    """Returns the value with lone surrogates as text, such as `\\ud800`, so that different ids stay different."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {escaped(key): escaped(one) for key, one in value.items()}
    if isinstance(value, list):
        return [escaped(one) for one in value]
    return value
