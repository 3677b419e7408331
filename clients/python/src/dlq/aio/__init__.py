"""The client for programs with asyncio.

    from dlq.aio import Client

Its work in the background is done in a thread of its own, as that of `dlq.Client`: a blocked event loop
holds up handlers, and neither deadlines nor leases.
"""

from .client import Client
from .worker import AsyncHandler, Worker

__all__ = ["AsyncHandler", "Client", "Worker"]
