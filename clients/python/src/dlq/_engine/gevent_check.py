"""Refuses a worker that gevent would block."""

from __future__ import annotations

import sys


def require_gevent_support() -> None:
    """Raises RuntimeError if gevent has patched threads and gRPC does not know it. A stream that waits for messages
    would then block all greenlets."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("threading"):
        return
    if "grpc.experimental.gevent" not in sys.modules:
        raise RuntimeError(
            "gevent has patched threading, and a worker would block all greenlets; call "
            "grpc.experimental.gevent.init_gevent() before the first client is made"
        )
