"""Names of queues in the service, made of the old package's prefix and name."""

from __future__ import annotations

import hashlib
import re

_MOST_CHARACTERS = 128
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9._-]")


def queue_name(prefix: str, name: str) -> str:
    """`prefix.name`; without a prefix the name alone."""
    return allowed_name(f"{prefix}.{name}" if prefix else name)


def allowed_name(name: str) -> str:
    """As it is where the service takes it. Else what it doesn't take becomes `_`, and a mark made of
    the whole name follows, so that two names never become one queue."""
    found = _NOT_ALLOWED.sub("_", name)
    if found == name and 0 < len(name) <= _MOST_CHARACTERS:
        return name
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{found[: _MOST_CHARACTERS - len(mark) - 1]}-{mark}"
