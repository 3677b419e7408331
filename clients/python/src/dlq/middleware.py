"""Functions that run around a handler."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeAlias

from ._core.async_functions import is_async
from .delivery import Delivery
from .outcome import Outcome, outcome_of

Middleware: TypeAlias = Callable[[Delivery, Callable[[], "Outcome | None"]], "Outcome | None"]
"""Runs around a plain handler. `call_next()`, the second argument, calls the handler or the next middleware: it returns the
outcome or None, and raises what the handler raised. What the middleware returns or raises takes the place of that."""

AsyncMiddleware: TypeAlias = Callable[
    [Delivery, Callable[[], Awaitable["Outcome | None"]]], Awaitable["Outcome | None"]
]
"""Runs around an async handler: `await call_next()`."""


_Call: TypeAlias = Callable[[Delivery], "Outcome | None"]
_AsyncCall: TypeAlias = Callable[[Delivery], Coroutine[Any, Any, "Outcome | None"]]


def wrapped(
    handler: Callable[[Delivery], object], middleware: Sequence[Middleware | AsyncMiddleware]
) -> Callable[[Delivery], object]:
    """Returns a handler that calls all; the first is the outermost. Raises TypeError for one that is async."""
    if not middleware:
        return handler

    def checked(delivery: Delivery) -> Outcome | None:
        return outcome_of(
            handler(delivery)
        )  # otherwise a middleware could lose what can't be awaited

    call: _Call = checked
    for one in reversed(middleware):
        if is_async(one):
            raise TypeError(f"the middleware {_name_of(one)} is async, but the handler is not")
        call = _around(one, call)
    return call


def wrapped_async(
    handler: Callable[[Delivery], Awaitable[object]],
    middleware: Sequence[Middleware | AsyncMiddleware],
) -> Callable[[Delivery], Awaitable[object]]:
    """Like `wrapped`, for async ones."""
    if not middleware:
        return handler

    async def checked(delivery: Delivery) -> Outcome | None:
        return outcome_of(await handler(delivery))

    call: _AsyncCall = checked
    for one in reversed(middleware):
        if not is_async(one):
            raise TypeError(f"the middleware {_name_of(one)} is not async, but the handler is")
        call = _around_async(one, call)
    return call


def _around(one: Any, call: _Call) -> _Call:
    return lambda delivery: outcome_of(one(delivery, lambda: call(delivery)))


def _around_async(one: Any, call: _AsyncCall) -> _AsyncCall:
    async def run(delivery: Delivery) -> Outcome | None:
        calls: list[Coroutine[Any, Any, Outcome | None]] = []

        def call_next() -> Coroutine[Any, Any, Outcome | None]:
            calls.append(call(delivery))
            return calls[-1]

        outcome = outcome_of(await one(delivery, call_next))
        for unread in calls:
            state = inspect.getcoroutinestate(unread)
            if state == inspect.CORO_CREATED:
                unread.close()
            if state != inspect.CORO_CLOSED:
                name = _name_of(one)
                raise TypeError(
                    f"the middleware {name} did not await call_next(): the handler has not ended"
                )
        return outcome

    return run


def _name_of(one: object) -> str:
    return getattr(one, "__name__", type(one).__name__)
