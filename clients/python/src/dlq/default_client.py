"""A client for the whole process, configured by environment variables."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from .client import Client
from .dead_letter import DeadLetter, decorate
from .options import ClientSettings, SendOptions

_lock = threading.Lock()
_clients: list[Client] = []


def default_client() -> Client:
    """Returns the default client, created on the first call from `DLQ_TARGET` (default `localhost:50051`),
    `DLQ_TOKEN` and `DLQ_SERVICE`."""
    with _lock:
        if not _clients:
            settings: ClientSettings = {"service": os.environ.get("DLQ_SERVICE", "")}
            if os.environ.get("DLQ_TOKEN"):
                settings["token"] = os.environ["DLQ_TOKEN"]
            _clients.append(Client(os.environ.get("DLQ_TARGET", "localhost:50051"), **settings))
        return _clients[0]


def dead_letter(
    queue: str,
    *,
    payload: Callable[..., object] | None = None,
    send: SendOptions | Callable[..., SendOptions] | None = None,
) -> DeadLetter:
    """Like `Client.dead_letter`, with the default client."""
    return decorate(default_client, queue, payload, send)
