"""Wraps a function: what it raises is sent, with its first argument as the message."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .delivery import Delivery
from .options import SendOptions
from .results import Dropped, SendResult

if TYPE_CHECKING:
    from .base_client import BaseClient

log = logging.getLogger("dlq")

_F = TypeVar("_F", bound=Callable[..., Any])


def decorate(
    client: Callable[[], BaseClient],
    queue: str,
    payload: Callable[..., object] | None,
    send: SendOptions | Callable[..., SendOptions] | None,
) -> Callable[[_F], _F]:
    def submit(error: Exception, args: Any, kwargs: Any) -> Future[SendResult] | None:
        # What the caller's functions raise must not take the place of the error itself.
        try:
            options = send(*args, **kwargs) if callable(send) else send or {}
            first = next(iter((*args, *kwargs.values())), None)
            if isinstance(first, Delivery) and first.source_id:
                options = {"source_id": first.source_id, **options}
            if payload is not None:
                first = payload(*args, **kwargs)
            elif isinstance(first, Delivery):
                first = first.payload
            return client().submit(queue, first, error, options)
        except Exception:
            log.exception("dlq: a message could not be sent, its options raised")
            return None

    def wrap(function: _F) -> _F:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **kwargs: Any) -> Any:
                try:
                    return await function(*args, **kwargs)
                except Exception as error:
                    sent = submit(error, args, kwargs)
                    if sent is None:
                        raise
                    result: SendResult = await asyncio.wrap_future(sent)
                    if isinstance(result, Dropped):
                        raise
                    return None

            return cast(_F, awaited)

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except Exception as error:
                sent = submit(error, args, kwargs)
                if sent is None or isinstance(sent.result(), Dropped):
                    raise
                return None

        return cast(_F, called)

    return wrap
