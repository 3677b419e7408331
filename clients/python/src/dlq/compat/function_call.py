"""Calls functions of the program."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from .._core.async_functions import is_async


async def call(function: Callable[[Any], Any], argument: object) -> Any:
    """Returns what a plain function, which runs in a thread, or a coroutine function returns."""
    if is_async(function):
        return await function(argument)
    given = await asyncio.to_thread(function, argument)
    return await _result_of(given) if inspect.isawaitable(given) else given


async def _result_of(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
