"""For Starlette and FastAPI: sends requests whose handler raised to the DLQ.

app.add_middleware(DeadLetterMiddleware, client=client, queue="orders")
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from ._core.log import log as _log
from ._core.safe_read import cut_to_fit, is_valid_id
from .aio import Client
from .options import SendOptions

_Scope: TypeAlias = "MutableMapping[str, Any]"
_Receive: TypeAlias = "Callable[[], Awaitable[MutableMapping[str, Any]]]"
_Send: TypeAlias = "Callable[[MutableMapping[str, Any]], Awaitable[None]]"
_App: TypeAlias = "Callable[[_Scope, _Receive, _Send], Awaitable[None]]"

_MAX_ATTRIBUTE_BYTES = 4 * 1024
"""The limit of the service. A longer value of a request is cut, so that the message is accepted."""

_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class DeadLetterMiddleware:
    """Sends the body of each request whose handling raised, and raises the exception again.

    The message has the request's body and `content-type`; `method`, `path` and `query` are attributes. Requests
    with other methods than `methods` are not sent. `options` returns more options of the send for a request's
    scope. A body of more than `max_body_bytes` is left out.
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
            await self._send(scope, bytes(body), error)
            raise

    async def _send(self, scope: _Scope, body: bytes, error: Exception) -> None:
        headers = {name.lower(): value for name, value in scope["headers"]}
        attributes = {
            "method": scope["method"],
            "path": cut_to_fit(scope["path"], _MAX_ATTRIBUTE_BYTES),
        }
        if scope.get("query_string"):
            query = scope["query_string"].decode("latin-1")
            attributes["query"] = cut_to_fit(query, _MAX_ATTRIBUTE_BYTES)
        if len(body) > self._max_body_bytes:
            body, attributes["body"] = b"", "left out: too large"
        options: SendOptions = {"attributes": attributes}
        content_type = headers.get(b"content-type", b"").decode("latin-1")
        if is_valid_id(content_type):
            options["content_type"] = content_type
        if self._options is not None:
            try:
                options = {**options, **self._options(scope)}
            except Exception:  # it must not replace the request's own error
                _log.exception("dlq: the options of a request raised; sending it without them")
        await self._client.send(self._queue, _text_or_bytes(body), error, **options)


def _text_or_bytes(body: bytes) -> str | bytes:
    """Tools can show text as it is."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


__all__ = ["DeadLetterMiddleware"]
