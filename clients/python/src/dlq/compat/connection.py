"""The connection of a handler to the service, in place of the old package's Redis client."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TypeVar

import grpc

from .._core.call_error import call_error_of
from .._engine.connection import Connection
from ..aio.client import Client
from ..v1 import dlq_admin_service_pb2 as admin_pb
from ..v1 import dlq_service_pb2 as pb
from ..v1.dlq_admin_service_pb2_grpc import DlqAdminServiceStub
from .config import DLQConfig

_CALL_TIMEOUT_S = 10.0
_SETTINGS_TIMEOUT_S = 2.0
"""Of an UpdateQueue call, which may be made during a send."""

_Response = TypeVar("_Response")


def client_of(connection: object, config: DLQConfig) -> tuple[Client, bool]:
    """Returns the client, and whether the handler must close it. Raises TypeError for other connections."""
    if connection is None:
        connection = config.target
    if isinstance(connection, Client):
        return connection, False
    if isinstance(connection, str):
        return Client(connection, service=config.name), True
    if connection is None:
        raise TypeError(
            "the connection is missing: give the service's address, such as 'localhost:50051', or a "
            "dlq.aio.Client as the first argument or as `target` of the DLQConfig"
        )
    if _is_redis(connection):
        raise TypeError(
            "the first argument is a Redis client, but messages are not stored in your Redis any more: give "
            "the service's address, such as 'localhost:50051', or a dlq.aio.Client; `dlq-migrate` "
            "sends the messages in Redis to the service"
        )
    raise TypeError(
        f"the connection is a {type(connection).__name__}; give the service's address, such as "
        "'localhost:50051', or a dlq.aio.Client"
    )


def _is_redis(value: object) -> bool:
    """Recognizes clients of all Redis libraries, wrappers and mocks."""
    modules = {one.__module__.partition(".")[0] for one in type(value).__mro__}
    if modules & {"redis", "aioredis", "fakeredis", "coredis", "rediscluster"}:
        return True
    return callable(getattr(value, "zadd", None))


class ServiceCalls:
    """Calls that `Client` does not have. Each runs in a thread, so that it belongs to no event loop. A forked
    process opens its own connection."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._connection: Connection | None = None
        self._pid = 0

    async def update_queue(self, request: admin_pb.UpdateQueueRequest) -> None:
        await self._call(
            lambda connection: DlqAdminServiceStub(connection.channel).UpdateQueue,
            request,
            _SETTINGS_TIMEOUT_S,
        )

    async def retry(self, request: pb.RetryRequest) -> pb.RetryResponse:
        return await self._call(lambda connection: connection.stub.Retry, request, _CALL_TIMEOUT_S)

    async def stats(self, request: pb.StatsRequest) -> pb.StatsResponse:
        return await self._call(lambda connection: connection.stub.Stats, request, _CALL_TIMEOUT_S)

    def close(self) -> None:
        if self._connection is not None and self._pid == os.getpid():
            self._connection.close()
        self._connection = None

    async def _call(
        self,
        method: Callable[[Connection], Callable[..., _Response]],
        request: object,
        timeout_s: float,
    ) -> _Response:
        """Raises DlqClientError."""
        if self._connection is None or self._pid != os.getpid():
            self._connection, self._pid = self._client.engine.connect(), os.getpid()
        connection = self._connection
        try:
            return await asyncio.to_thread(
                method(connection), request, timeout=timeout_s, metadata=connection.metadata
            )
        except (grpc.RpcError, ValueError) as error:  # ValueError: the channel was closed
            raise call_error_of(error).as_client_error() from error
