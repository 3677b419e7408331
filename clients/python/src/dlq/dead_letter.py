"""Wraps a function: if it raises, its first argument is sent as a message."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, overload

from typing_extensions import ParamSpec

from ._core.async_functions import is_async
from ._core.log import log as _log
from ._core.option_checks import queue_name, require_known, require_plain_function
from ._core.receiver import without_receiver
from ._core.wrapped_generators import wrap_async_generator, wrap_generator
from .delivery import Delivery
from .options import SendOptions
from .results import SendResult, is_kept

if TYPE_CHECKING:
    from .base_client import BaseClient

_P = ParamSpec("_P")
_R = TypeVar("_R")


class DeadLetter(Protocol):
    """Decorates a function so that it returns None if it failed and the message was stored."""

    @overload
    def __call__(
        self, function: Callable[_P, Coroutine[Any, Any, _R]], /
    ) -> Callable[_P, Coroutine[Any, Any, _R | None]]: ...
    @overload
    def __call__(self, function: Callable[_P, _R], /) -> Callable[_P, _R | None]: ...


def decorate(
    client: Callable[[], BaseClient],
    queue: str,
    payload: Callable[..., object] | None,
    send: SendOptions | Callable[..., SendOptions] | None,
) -> DeadLetter:
    if callable(queue):
        raise TypeError(
            'the queue is missing: write @dead_letter("orders") with the name of a queue'
        )
    queue_name(queue)
    if payload is not None:
        require_plain_function("payload", payload)
    if isinstance(send, Mapping):
        require_known("a send", send, SendOptions)
    elif send is not None:
        require_plain_function("send", send)

    def submit(
        function: Callable[..., Any], error: Exception, args: Any, kwargs: Any
    ) -> Future[SendResult] | None:
        # Errors of `payload` and `send` must not replace the function's own error.
        try:
            options = send(*args, **kwargs) if callable(send) else send or {}
            first = next(iter((*without_receiver(function, args), *kwargs.values())), None)
            if isinstance(first, Delivery) and first.source_id:
                options = {"source_id": first.source_id, **options}
            if payload is not None:
                first = payload(*args, **kwargs)
            elif _are_deliveries(first):
                return None  # the raised error is the outcome of all of them
            return client().submit(queue, first, error, options)
        except Exception:
            _log.exception("dlq: a message was not sent: its payload or options raised")
            return None

    def wrap(function: Any) -> Any:
        if isinstance(function, (classmethod, staticmethod)):
            return type(function)(wrap(function.__func__))

        async def is_stored(error: Exception, args: Any, kwargs: Any) -> bool:
            sent = submit(function, error, args, kwargs)
            return sent is not None and is_kept(await asyncio.wrap_future(sent))

        def is_stored_now(error: Exception, args: Any, kwargs: Any) -> bool:
            sent = submit(function, error, args, kwargs)
            return sent is not None and is_kept(sent.result())

        if inspect.isgeneratorfunction(function):
            return wrap_generator(function, is_stored_now)
        if inspect.isasyncgenfunction(function):
            return wrap_async_generator(function, is_stored)
        if is_async(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **kwargs: Any) -> Any:
                try:
                    return await function(*args, **kwargs)
                except Exception as error:
                    if not await is_stored(error, args, kwargs):
                        raise
                    return None

            return awaited

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except Exception as error:
                if not is_stored_now(error, args, kwargs):
                    raise
                return None

        return called

    return cast("DeadLetter", wrap)


def _are_deliveries(value: object) -> bool:
    """Reports whether it is what a batch handler gets."""
    return isinstance(value, list) and any(isinstance(one, Delivery) for one in value)
