"""A client for the whole process, configured by environment variables."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from .client import Client
from .dead_letter import DeadLetter, decorate
from .options import SendOptions

_lock = threading.Lock()
_clients: dict[tuple[str, str, str], Client] = {}


def default_client() -> Client:
    """Returns the default client of `DLQ_TARGET` (default `localhost:50051`), `DLQ_TOKEN` and `DLQ_SERVICE`.

    It is created on the first call, and again if it was closed or the variables have changed, as in tests.
    """
    target = os.environ.get("DLQ_TARGET", "localhost:50051")
    token, service = os.environ.get("DLQ_TOKEN", ""), os.environ.get("DLQ_SERVICE", "")
    with _lock:
        client = _clients.get((target, token, service))
        if client is None or client._is_closed:
            client = Client(target, token=token or None, service=service)
            _clients[target, token, service] = client
        return client


def dead_letter(
    queue: str,
    *,
    payload: Callable[..., object] | None = None,
    send: SendOptions | Callable[..., SendOptions] | None = None,
) -> DeadLetter:
    """Like `Client.dead_letter`, with the default client."""
    return decorate(default_client, queue, payload, send)
