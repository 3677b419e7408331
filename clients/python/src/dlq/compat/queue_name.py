"""Builds queue names of the service from the old package's prefix and name."""

from __future__ import annotations

import hashlib
import re

_MAX_CHARACTERS = 128
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9._-]")


def queue_name(prefix: str, name: str) -> str:
    """Returns `prefix.name`, or the name if the prefix is empty."""
    return allowed_name(f"{prefix}.{name}" if prefix else name)


def allowed_name(name: str) -> str:
    """Returns a valid name unchanged. In others, each invalid character becomes `_`, and a hash of the name is
    appended, so that two names never become one queue."""
    found = _NOT_ALLOWED.sub("_", name)
    if found == name and 0 < len(name) <= _MAX_CHARACTERS:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{found[: _MAX_CHARACTERS - len(digest) - 1]}-{digest}"
