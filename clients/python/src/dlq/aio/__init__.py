"""The client for programs with asyncio.

    from dlq.aio import Client

Like `dlq.Client`, it works in its own background thread: a blocked event loop delays handlers, but neither
deadlines nor leases.
"""

from ..middleware import AsyncMiddleware
from .client import Client
from .worker import AsyncBatchHandler, AsyncHandler, Worker

__all__ = ["AsyncBatchHandler", "AsyncHandler", "AsyncMiddleware", "Client", "Worker"]
