"""Metadata of the old package, which could be anything, as attributes of a message."""

from __future__ import annotations

import json
from collections.abc import Mapping

from .._core.peek import well_formed

_MOST = 64
_KEY_BYTES = 128
_VALUE_BYTES = 4096


def attributes_of(metadata: Mapping[str, object] | None) -> tuple[dict[str, str], list[str]]:
    """The attributes, and in words what did not fit.

    Text stays as it is, so that rules and limits can look at it; all else is JSON.
    """
    attributes: dict[str, str] = {}
    lost: list[str] = []
    for name, value in (metadata or {}).items():
        key = well_formed(str(name))
        if not 0 < len(key.encode()) <= _KEY_BYTES:
            lost.append(f"metadata {key[:40]!r}: keys have 1 to {_KEY_BYTES} bytes; left out")
        elif len(attributes) == _MOST:
            lost.append(f"metadata {key!r}: more than {_MOST} entries; left out")
        else:
            text = _text_of(value)
            attributes[key] = cut_bytes(text, _VALUE_BYTES)
            if attributes[key] != text:
                lost.append(f"metadata {key!r}: longer than {_VALUE_BYTES} bytes; cut")
    return attributes, lost


def cut_bytes(text: str, most: int) -> str:
    """At most so many bytes of UTF-8, and whole characters."""
    return well_formed(text).encode()[:most].decode("utf-8", "ignore")


def _text_of(value: object) -> str:
    if isinstance(value, str):
        return well_formed(value)
    return well_formed(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))
