"""The token of each call: constant, or from a function of the program."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from .._core.safe_read import safe_str
from ..options import Token
from .serial_thread import SerialThread

Metadata: TypeAlias = "tuple[tuple[str, str], ...]"


class NoToken(Exception):
    """The function gave no token; the message says why."""


class TokenSource:
    """Calls the function in its own thread, because it may block. What it returns is awaited in the program's
    event loop, since its connections may belong to that."""

    def __init__(self, token: Token | None) -> None:
        self._function: Callable[[], object] | None = token if callable(token) else None
        self._constant: Metadata = () if not token or callable(token) else _metadata_of(token)
        self._thread: SerialThread | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        """The program's event loop, if it has one."""

    @property
    def is_empty(self) -> bool:
        return self._function is None and not self._constant

    async def metadata(self, timeout_s: float) -> Metadata:
        """For the engine's loop. Raises NoToken if there is none in time."""
        if self._function is None:
            return self._constant
        try:
            return _metadata_of(await asyncio.wait_for(self._token(self._function), timeout_s))
        except asyncio.TimeoutError:
            raise NoToken(f"its function did not return within {timeout_s:.3g} s") from None
        except Exception as error:
            text = f"its function failed: {type(error).__name__}: {safe_str(error)}"
            raise NoToken(text) from error

    def metadata_now(self) -> Metadata:
        """For a thread of the program."""
        if self._function is None:
            return self._constant
        return _metadata_of(_no_awaitable(self._function()))

    async def metadata_here(self) -> Metadata:
        """For a task of the program."""
        if self._function is None:
            return self._constant
        found = await asyncio.to_thread(self._function)
        return _metadata_of(await found if inspect.isawaitable(found) else found)

    def close(self) -> None:
        if self._thread is not None:
            self._thread.stop()

    async def _token(self, function: Callable[[], object]) -> object:
        if self._thread is None:
            self._thread = SerialThread("dlq-token")
        found = await asyncio.wrap_future(self._thread.submit(function))
        if self.loop is None or not inspect.isawaitable(found):
            return _no_awaitable(found)
        awaited = _result_of(found)
        try:
            future = asyncio.run_coroutine_threadsafe(awaited, self.loop)
        except RuntimeError:  # the loop has ended
            awaited.close()
            raise
        return await asyncio.wrap_future(future)


async def _result_of(awaitable: Awaitable[object]) -> object:
    return await awaitable


def _no_awaitable(found: object) -> object:
    if inspect.iscoroutine(found):
        found.close()
        raise TypeError("it returned a coroutine; use dlq.aio.Client, in an event loop")
    return found


def _metadata_of(token: object) -> Metadata:
    if not isinstance(token, str) or not token.strip():
        raise TypeError(f"the token is a {type(token).__name__}; give text that is not empty")
    return (("authorization", f"Bearer {token.strip()}"),)
