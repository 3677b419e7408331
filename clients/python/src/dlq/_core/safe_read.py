"""Reads foreign error objects and texts without raising."""

from __future__ import annotations

_MAX_ID_BYTES = 256


def safe_read(value: object, name: str) -> object:
    """Returns an attribute; None if it does not exist or its getter raises."""
    try:
        return getattr(value, name, None)
    except Exception:
        return None


def safe_read_int(value: object, name: str) -> int | None:
    found = safe_read(value, name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def safe_str(value: object) -> str:
    """Returns `str(value)`, or a description of the type if that raises."""
    try:
        return str(value)
    except Exception:
        return f"a value of type {type(value).__name__} that can't be shown"


def well_formed(text: str) -> str:
    """Replaces lone surrogates, which UTF-8 can't encode; file names may contain them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def cut_one_over(text: str, max_bytes: int) -> str:
    """Keeps one character more than the limit, so that the server cuts the text and marks it as cut."""
    return well_formed(text if len(text) <= max_bytes + 1 else text[: max_bytes + 1])


def cut_to_fit(text: str, max_bytes: int) -> str:
    """Cuts to at most `max_bytes` of UTF-8, between characters: for fields with a hard limit."""
    data = well_formed(text).encode()
    return data[:max_bytes].decode("utf-8", "ignore")


def is_valid_id(text: str) -> bool:
    """Reports whether the server accepts the text as a source id or a media type."""
    return 0 < len(well_formed(text).encode()) <= _MAX_ID_BYTES
