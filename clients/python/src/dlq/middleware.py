"""Functions that run around a handler."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import Any, TypeAlias

from ._core.async_functions import is_async
from .delivery import Delivery
from .outcome import Outcome, outcome_of

Middleware: TypeAlias = Callable[[Delivery, Callable[[], "Outcome | None"]], "Outcome | None"]
"""Runs around a plain handler. `call_next()`, the second argument, calls the handler or the next middleware: it
returns the outcome or None, and raises what the handler raised. What the middleware returns or raises takes the
place of that. If it returns None, the result of the handler stands, also what the handler raised; without a
call, the delivery fails."""

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
    def run(delivery: Delivery) -> Outcome | None:
        handling = _Handling(one, "call")

        def call_next() -> Outcome | None:
            with handling.call():
                handling.outcome = call(delivery)
            return handling.outcome

        return handling.result(one(delivery, call_next))

    return run


def _around_async(one: Any, call: _AsyncCall) -> _AsyncCall:
    async def run(delivery: Delivery) -> Outcome | None:
        handling = _Handling(one, "await")
        calls: list[Coroutine[Any, Any, Outcome | None]] = []

        async def handle() -> Outcome | None:
            with handling.call():
                handling.outcome = await call(delivery)
            return handling.outcome

        def call_next() -> Coroutine[Any, Any, Outcome | None]:
            calls.append(handle())
            return calls[-1]

        returned = await one(delivery, call_next)
        unread = [each for each in calls if inspect.getcoroutinestate(each) == inspect.CORO_CREATED]
        for each in unread:
            each.close()
        return handling.result(returned, is_unread=bool(unread))

    return run


class _Handling:
    """What one middleware made of one delivery."""

    def __init__(self, middleware: object, verb: str) -> None:
        self._did_not = f"the middleware {_name_of(middleware)} did not {verb} call_next()"
        self._calls = 0
        self._running = 0
        self._error: BaseException | None = None
        self.outcome: Outcome | None = None
        """Of the last call."""

    @contextlib.contextmanager
    def call(self) -> Iterator[None]:
        """The block calls the handler and sets `outcome`."""
        self._calls += 1
        self._running += 1
        self.outcome = self._error = None
        try:
            yield
        except BaseException as error:
            self._error = error
            raise
        finally:
            self._running -= 1

    def result(self, returned: object, *, is_unread: bool = False) -> Outcome | None:
        """Raises TypeError if the handler has not ended, or if nothing says how it ended."""
        if self._running or is_unread:
            raise TypeError(f"{self._did_not}: the handler has not ended")
        if returned is not None:
            return outcome_of(returned)
        if not self._calls:
            raise TypeError(
                f"{self._did_not}, and returned nothing; return an outcome, such as succeed()"
            )
        if self._error is not None:
            raise self._error
        return self.outcome


def _name_of(one: object) -> str:
    return getattr(one, "__name__", type(one).__name__)
