"""Patterns of the old package's Redis keys."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIELD = re.compile(r"\{(\w+)\}")
_KNOWN = ("prefix", "queue", "id")


@dataclass(frozen=True)
class KeyNames:
    """The parts of a key; None if the pattern has no such part."""

    queue: str | None
    id: str | None


class KeyPattern:
    """For example `{prefix}:{queue}:{id}`. The queue is the shortest match."""

    def __init__(self, text: str, prefix: str) -> None:
        unknown = [name for name in _FIELD.findall(text) if name not in _KNOWN]
        if unknown or "{queue}" not in text:
            raise ValueError(
                f"the pattern {text!r} must contain {{queue}}, and may contain {{prefix}} and {{id}}"
            )
        self._text = text
        self._prefix = prefix
        glob = ""
        for index, part in enumerate(_FIELD.split(text)):
            if index % 2 == 0 or part == "prefix":
                literal = prefix if index % 2 else part
                glob += re.sub(r"([*?\[\]\\^-])", r"\\\1", literal)
            else:
                glob += "*"
        self.glob = glob
        self._expression = self._expression_of(None)

    def names(self, key: bytes, queue: str | None = None) -> KeyNames | None:
        """Returns None if the key does not match. With `queue`, only keys of this queue match."""
        expression = self._expression if queue is None else self._expression_of(queue)
        found = expression.fullmatch(text_of(key))
        if found is None:
            return None
        groups = found.groupdict()
        return KeyNames(groups.get("queue"), groups.get("id"))

    def _expression_of(self, queue: str | None) -> re.Pattern[str]:
        expression = ""
        for index, part in enumerate(_FIELD.split(self._text)):
            if index % 2 == 0 or part == "prefix":
                expression += re.escape(self._prefix if index % 2 else part)
            elif part == "queue" and queue is not None:
                expression += f"(?P<queue>{re.escape(queue)})"
            else:
                shortest = "?" if part == "queue" and "{id}" in self._text else ""
                expression += f"(?P<{part}>.+{shortest})"
        return re.compile(expression, re.DOTALL)

    def longer_prefix(self, key: bytes, queue: str | None, id: str | None) -> str | None:
        """Returns the key's prefix if it is longer than ours, according to the message's own queue and id."""
        if queue is None or id is None or not self._text.startswith("{prefix}"):
            return None
        rest = self._text.removeprefix("{prefix}").replace("{queue}", queue).replace("{id}", id)
        text = text_of(key)
        if not text.endswith(rest) or text == self._prefix + rest:
            return None
        return text[: len(text) - len(rest)]


@dataclass(frozen=True)
class KeyPatterns:
    messages: KeyPattern
    index: KeyPattern
    poison_messages: KeyPattern
    poison_index: KeyPattern


def text_of(key: bytes) -> str:
    """Decodes a key, which may be invalid UTF-8."""
    return key.decode("utf-8", "backslashreplace")
