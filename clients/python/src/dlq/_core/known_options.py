"""Refuses options that do not exist. Types do so only in programs that are checked."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches


def require_known(what: str, options: Mapping[str, object], kind: type) -> None:
    """Raises TypeError if `options` has a key that the TypedDict `kind` does not have."""
    known = kind.__annotations__
    for name in options:
        if name not in known:
            similar = get_close_matches(str(name), known, 1)
            hint = f"did you mean {similar[0]}?" if similar else f"give some of {', '.join(known)}"
            raise TypeError(f"{what} has no option {name!r}; {hint}")
