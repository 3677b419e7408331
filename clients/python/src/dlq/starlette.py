"""For Starlette and FastAPI: a request that a handler fails on is kept.

app.add_middleware(DeadLetterMiddleware, client=client, queue="orders")
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from ._core.log import log as _log
from ._core.peek import cut_to, is_identity
from .aio import Client
from .options import SendOptions

_Scope: TypeAlias = "MutableMapping[str, Any]"
_Receive: TypeAlias = "Callable[[], Awaitable[MutableMapping[str, Any]]]"
_Send: TypeAlias = "Callable[[MutableMapping[str, Any]], Awaitable[None]]"
_App: TypeAlias = "Callable[[_Scope, _Receive, _Send], Awaitable[None]]"

_MOST_ATTRIBUTE_BYTES = 4 * 1024
"""What the service takes. What is longer is the caller's, and must not cost the message."""

_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class DeadLetterMiddleware:
    """Sends the body of each request that ends by an exception, and lets the exception go on: the
    caller is answered as without it.

    The body is the payload, its `content-type` that of the message; `method` and `path` are attributes.
    `methods`: requests by others ask for nothing that should be done again. `options` are further
    options of the send, made of the request's scope. A body of more than `max_body_bytes` is left out.
    """

    def __init__(
        self,
        app: _App,
        *,
        client: Client,
        queue: str,
        methods: frozenset[str] | set[str] = _METHODS,
        options: Callable[[_Scope], SendOptions] | None = None,
        max_body_bytes: int = 1024**2,
    ) -> None:
        self._app = app
        self._client = client
        self._queue = queue
        self._methods = frozenset(methods)
        self._options = options
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        if scope["type"] != "http" or scope["method"] not in self._methods:
            await self._app(scope, receive, send)
            return
        body = bytearray()

        async def recorded() -> MutableMapping[str, Any]:
            message = await receive()
            if message["type"] == "http.request" and len(body) <= self._max_body_bytes:
                body.extend(message.get("body", b""))
            return message

        try:
            await self._app(scope, recorded, send)
        except Exception as error:
            await self._keep(scope, bytes(body), error)
            raise

    async def _keep(self, scope: _Scope, body: bytes, error: Exception) -> None:
        headers = {name.lower(): value for name, value in scope["headers"]}
        attributes = {
            "method": scope["method"],
            "path": cut_to(scope["path"], _MOST_ATTRIBUTE_BYTES),
        }
        if scope.get("query_string"):
            query = scope["query_string"].decode("latin-1")
            attributes["query"] = cut_to(query, _MOST_ATTRIBUTE_BYTES)
        if len(body) > self._max_body_bytes:
            body, attributes["body"] = b"", "left out: too large"
        options: SendOptions = {"attributes": attributes}
        content_type = headers.get(b"content-type", b"").decode("latin-1")
        if is_identity(content_type):
            options["content_type"] = content_type
        if self._options is not None:
            try:
                options = {**options, **self._options(scope)}
            except Exception:  # it must not take the place of the request's own error
                _log.exception("dlq: the options of a request raised; it is sent without them")
        await self._client.send(self._queue, _text_or_bytes(body), error, **options)


def _text_or_bytes(body: bytes) -> str | bytes:
    """Text is shown as it is by tools."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


__all__ = ["DeadLetterMiddleware"]
