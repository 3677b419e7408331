"""For Starlette and FastAPI: sends requests whose handler raised to the DLQ.

app.add_middleware(DeadLetterMiddleware, client=client, queue="orders")
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any, TypeAlias

from ._core.durations import Seconds, seconds
from ._core.log import log as _log
from ._core.option_checks import queue_name
from ._core.query_text import path_of, query_text
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

    An exception that an exception handler of the app has answered does not get here, and its request is not sent,
    also with a status such as 500.

    The message has the request's body and `content-type`. Attributes are `http.method`, `http.path`,
    `http.content_encoding` and `http.query`, with `[hidden]` for values of parameters such as `token`, and of
    `secret_parameters`. What the handler has not read of the body is read within `body_timeout`; the attribute
    `http.body` says if it was cut nevertheless, or left out because it has more than `max_body_bytes`. Requests
    with other methods than `methods` are not sent. `options` returns more options of the send for a request's
    scope.
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
        body_timeout: Seconds = 5,
        secret_parameters: Collection[str] = (),
    ) -> None:
        if not isinstance(client, Client):
            kind = f"{type(client).__module__}.{type(client).__qualname__}"
            raise TypeError(f"client is a {kind}; give a dlq.aio.Client")
        self._app = app
        self._client = client
        self._queue = queue_name(queue)
        if isinstance(methods, str):
            raise TypeError(f"methods is {methods!r}; give a set of names")
        self._methods = frozenset(method.upper() for method in methods)
        self._options = options
        self._max_body_bytes = max_body_bytes
        self._body_timeout_s = seconds("body_timeout", body_timeout)
        if isinstance(secret_parameters, str):
            raise TypeError("secret_parameters is a str; give a list of names")
        self._secrets = frozenset(secret_parameters)

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        if scope["type"] != "http" or scope["method"] not in self._methods:
            await self._app(scope, receive, send)
            return
        body = _Body(receive, self._max_body_bytes)
        try:
            await self._app(scope, body.receive, send)
        except Exception as error:
            await body.read_rest(self._body_timeout_s)
            await self._send(scope, body, error)
            raise

    async def _send(self, scope: _Scope, body: _Body, error: Exception) -> None:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        found = {
            "http.method": scope["method"],
            "http.path": path_of(scope["path"]),
            "http.query": query_text(
                scope.get("query_string", b"").decode("latin-1"), self._secrets
            ),
            "http.content_encoding": headers.get(b"content-encoding", ""),
            "http.body": body.problem,
        }
        attributes = {
            name: cut_to_fit(text, _MAX_ATTRIBUTE_BYTES) for name, text in found.items() if text
        }
        options: SendOptions = {"attributes": attributes}
        content_type = headers.get(b"content-type", "")
        if is_valid_id(content_type):
            options["content_type"] = content_type
        if self._options is not None:
            try:
                options = {**options, **self._options(scope)}
            except Exception:  # it must not replace the request's own error
                _log.exception("dlq: the options of a request raised; sending it without them")
        await self._client.send(self._queue, _text_or_bytes(body.kept), error, **options)


class _Body:
    """The body of a request, recorded while the app reads it."""

    def __init__(self, receive: _Receive, max_bytes: int) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._data = bytearray()
        self._is_complete = False
        self._is_disconnected = False

    @property
    def _is_too_large(self) -> bool:
        return len(self._data) > self._max_bytes

    @property
    def kept(self) -> bytes:
        return b"" if self._is_too_large else bytes(self._data)

    @property
    def problem(self) -> str:
        """Says why `kept` is not the whole body; empty if it is."""
        if self._is_too_large:
            return "left out: too large"
        if self._is_complete:
            return ""
        is_gone = self._is_disconnected
        why = "the client disconnected" if is_gone else "the rest did not arrive in time"
        return f"cut after {len(self._data)} bytes: {why}"

    async def receive(self) -> MutableMapping[str, Any]:
        message = await self._receive()
        if message["type"] == "http.request":
            if not self._is_too_large:
                self._data.extend(message.get("body", b""))
            self._is_complete = not message.get("more_body", False)
        elif message["type"] == "http.disconnect":
            self._is_disconnected = True
        return message

    async def read_rest(self, timeout_s: float) -> None:
        """Reads until the end of the body, or of the time. Never raises."""

        async def read() -> None:
            while not (self._is_complete or self._is_disconnected or self._is_too_large):
                await self.receive()

        try:
            await asyncio.wait_for(read(), timeout_s)
        except asyncio.TimeoutError:
            pass
        except Exception:  # it must not replace the request's own error
            _log.warning("dlq: the rest of a request's body can't be read", exc_info=True)


def _text_or_bytes(body: bytes) -> str | bytes:
    """Tools can show text as it is."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


__all__ = ["DeadLetterMiddleware"]
