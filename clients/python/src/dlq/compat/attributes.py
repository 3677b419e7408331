"""Converts metadata of the old package to attributes of a message."""

from __future__ import annotations

import json
from collections.abc import Mapping

from .._core.safe_read import cut_to_fit, well_formed

_MAX_COUNT = 64
_KEY_BYTES = 128
_VALUE_BYTES = 4096


def attributes_of(metadata: Mapping[str, object] | None) -> tuple[dict[str, str], list[str]]:
    """Returns the attributes, and a description of each entry that was left out or cut.

    Text stays text, so that rules and limiters can use it. Other values become JSON.
    """
    attributes: dict[str, str] = {}
    problems: list[str] = []
    for name, value in (metadata or {}).items():
        key = well_formed(str(name))
        if not 0 < len(key.encode()) <= _KEY_BYTES:
            problems.append(f"metadata {key[:40]!r}: keys have 1 to {_KEY_BYTES} bytes; left out")
        elif len(attributes) == _MAX_COUNT:
            problems.append(f"metadata {key!r}: more than {_MAX_COUNT} entries; left out")
        else:
            text = _text_of(value)
            attributes[key] = cut_to_fit(text, _VALUE_BYTES)
            if attributes[key] != text:
                problems.append(f"metadata {key!r}: longer than {_VALUE_BYTES} bytes; cut")
    return attributes, problems


def _text_of(value: object) -> str:
    if isinstance(value, str):
        return well_formed(value)
    return well_formed(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))
