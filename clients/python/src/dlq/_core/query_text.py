"""Query strings of requests, as they may be stored."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import unquote_plus

_HIDDEN = "[hidden]"

_SECRET_NAME = re.compile(
    r"token|passw|passphrase|pwd|secret|credential|apikey|accesskey|privatekey|subscriptionkey|signature|assertion"
    r"|authorization|bearer|session|^(?:auth|code|jwt|key|otp|pin|sid|sig|state)$"
)
"""Matches plain names of parameters."""

_TOKEN = re.compile(r"eyJ[^.]*\.[^.]*\.")
"""A JSON Web Token, whatever its name is."""


def query_text(query: str, secrets: Collection[str] = ()) -> str:
    """Returns the query with the values of secrets hidden, by the rule of all clients. `secrets` are more names."""
    more = {_plain(name) for name in secrets}

    def shown(part: re.Match[str]) -> str:
        name, equals, value = part[0].partition("=")
        plain = _plain(unquote_plus(name))
        is_secret = _SECRET_NAME.search(plain) or plain in more or _TOKEN.search(value)
        return f"{name}={_HIDDEN}" if equals and is_secret else part[0]

    return re.sub(r"[^&;]+", shown, query)


def path_of(target: str) -> str:
    """Returns the path of a request's target, which may be a whole URL with a password."""
    return re.sub(r"^[A-Za-z][\w+.-]*://[^/]*/?", "/", target)


def _plain(name: str) -> str:
    """Returns the ASCII letters and digits of a name in lower case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
