"""Adds the client's token to each call of a program's stub."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import grpc
import grpc.aio

from .token_source import TokenSource


class _Details(
    namedtuple(
        "_Details",
        ("method", "timeout", "metadata", "credentials", "wait_for_ready", "compression"),
    ),
    grpc.ClientCallDetails,
):
    __slots__ = ()


class TokenInterceptor(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """For channels of grpc."""

    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(self._with_token(details), request)

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(self._with_token(details), request)

    def _with_token(self, details: Any) -> _Details:
        metadata = (*(details.metadata or ()), *self._tokens.metadata_now())
        return _Details(
            details.method,
            details.timeout,
            metadata,
            details.credentials,
            details.wait_for_ready,
            details.compression,
        )


class _AioTokenInterceptor:
    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens

    async def _with_token(self, details: Any) -> Any:
        token = await self._tokens.metadata_here()
        metadata = grpc.aio.Metadata(*(details.metadata or ()), *token)
        return details._replace(metadata=metadata)


class AioUnaryTokenInterceptor(_AioTokenInterceptor, grpc.aio.UnaryUnaryClientInterceptor):
    """For unary calls of grpc.aio, which needs one interceptor for each kind of call."""

    async def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return await continuation(await self._with_token(details), request)


class AioStreamTokenInterceptor(_AioTokenInterceptor, grpc.aio.UnaryStreamClientInterceptor):
    """For streams of grpc.aio."""

    async def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return await continuation(await self._with_token(details), request)
