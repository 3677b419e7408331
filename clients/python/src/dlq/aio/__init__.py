"""The client for programs with asyncio.

    from dlq.aio import Client

Like `dlq.Client`, it works in its own background thread: a blocked event loop delays handlers, but neither
deadlines nor leases.
"""

from .client import Client
from .worker import AsyncHandler, Worker

__all__ = ["AsyncHandler", "Client", "Worker"]
