"""Wraps generator functions, which raise while they are read, not when they are called."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any


def wrap_generator(
    function: Callable[..., Any], is_stored: Callable[[Exception, Any, Any], bool]
) -> Callable[..., Any]:
    """Returns a generator function that ends instead of raising if `is_stored(error, args, kwargs)`."""

    @functools.wraps(function)
    def generated(*args: Any, **kwargs: Any) -> Any:
        try:
            return (yield from function(*args, **kwargs))
        except Exception as error:
            if not is_stored(error, args, kwargs):
                raise
            return None

    return generated


def wrap_async_generator(
    function: Callable[..., Any], is_stored: Callable[[Exception, Any, Any], Awaitable[bool]]
) -> Callable[..., Any]:
    """Like `wrap_generator`, for async generator functions."""

    @functools.wraps(function)
    async def generated(*args: Any, **kwargs: Any) -> Any:
        items = function(*args, **kwargs)
        step = items.__anext__()
        while True:
            try:
                item = await step
            except StopAsyncIteration:
                return
            except Exception as error:
                if not await is_stored(error, args, kwargs):
                    raise
                return
            try:
                step = items.asend((yield item))
            except GeneratorExit:
                await items.aclose()
                raise
            except BaseException as thrown:  # by the reader, into the function
                step = items.athrow(thrown)

    return generated
