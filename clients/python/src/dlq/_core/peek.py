"""Looks at values that somebody raised: anything at all, attributes that raise included."""

from __future__ import annotations

_MOST_IDENTITY_BYTES = 256


def peek(value: object, name: str) -> object:
    """An attribute, or None if there is none or it can't be read."""
    try:
        return getattr(value, name, None)
    except Exception:
        return None


def peek_int(value: object, name: str) -> int | None:
    found = peek(value, name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def words_of(value: object) -> str:
    """In words, whatever it is."""
    try:
        return str(value)
    except Exception:
        return f"a value of type {type(value).__name__} that can't be shown"


def well_formed(text: str) -> str:
    """Without what UTF-8 can't hold: lone surrogates, as file names have them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def cut(text: str, max_bytes: int) -> str:
    """Text that UTF-8 can hold, cut so that the server still sees that there was more."""
    return well_formed(text if len(text) <= max_bytes + 1 else text[: max_bytes + 1])


def cut_to(text: str, max_bytes: int) -> str:
    """Text that UTF-8 can hold, and no more of it than that: where the server refuses what is longer."""
    data = well_formed(text).encode()
    return data[:max_bytes].decode("utf-8", "ignore")


def is_identity(text: str) -> bool:
    """Whether the server takes it as a source id, or as a media type."""
    return 0 < len(well_formed(text).encode()) <= _MOST_IDENTITY_BYTES
