"""What the sync and the asyncio client have in common: everything but how they wait."""

from __future__ import annotations

import os
import threading
import weakref
from concurrent.futures import Future
from typing import Any

from typing_extensions import Unpack

from ._core.durations import seconds
from ._core.letter import letter_of
from ._core.peek import words_of
from ._engine.current import becomes_outcome, current_delivery, same_as_current
from ._engine.engine import Engine
from ._engine.trace import current_trace
from .errors import DlqClientError
from .options import ClientSettings, SendOptions, client_options_of
from .results import Dropped, SendResult
from .v1.message_pb2 import Origin


class BaseClient:
    """A client of one deployment of the service. Make one and share it, also between threads.

    `target` is `host:port` of the gRPC listener, or a URL of `http` or `https`; for the others see
    ClientSettings.
    """

    def __init__(self, target: str = "localhost:50051", **settings: Unpack[ClientSettings]) -> None:
        options = self._options = client_options_of(target, settings)
        service, instance, version = options.service, options.instance, options.version
        self._origin: Origin | None = None
        if service or instance or version:
            self._origin = Origin(service=service, instance=instance, version=version)
        self._lock = threading.Lock()
        self._is_closed = False
        self._engine: Engine | None = Engine(self._options)
        _clients.add(self)

    @property
    def engine(self) -> Engine:
        """Of this process: a forked one makes its own. Not for callers."""
        engine = self._engine
        if engine is not None and engine.is_of_this_process:
            return engine
        with self._lock:
            if self._engine is None or not self._engine.is_of_this_process:
                self._engine = Engine(self._options)
            return self._engine

    def submit(
        self, queue: str, payload: object, error: object, options: SendOptions
    ) -> Future[SendResult]:
        """A send without waiting: the future never raises."""
        future: Future[SendResult] = Future()
        try:
            if options.get("trace_context") is None and (trace := current_trace()):
                options = {**options, "trace_context": trace}
            letter = letter_of(queue, payload, error, options, self._origin)
            timeout_s = self._timeout_of(options)
            held = same_as_current(letter.request, self)
            if held is not None:
                future.set_result(becomes_outcome(held, letter.request, error))
                return future
            if self._is_closed:
                words = "the client is closed; send before that"
                future.set_result(self._dropped(DlqClientError("closed", words), queue))
                return future
            return self.engine.submit(letter, timeout_s)
        except Exception as cause:  # whatever was given, nothing is raised into an error path
            invalid = DlqClientError("invalid", f"can't be sent: {words_of(cause)}")
            invalid.__cause__ = cause
            future.set_result(self._dropped(invalid, words_of(queue)))
            return future

    def _timeout_of(self, options: SendOptions) -> float:
        given = options.get("timeout")
        return self._options.timeout if given is None else seconds("timeout", given)

    def _dropped(self, error: DlqClientError, queue: str) -> Dropped:
        engine = self._engine
        if engine is not None and engine.is_of_this_process:
            return engine.report.dropped(error, queue)
        return Dropped(error)

    def _after_fork(self) -> None:
        self._lock = threading.Lock()
        if self._engine is not None:
            self._engine.forget()
            self._engine = None

    def __repr__(self) -> str:
        return f"{type(self).__module__}.{type(self).__name__}({self._options.target!r})"


_clients: weakref.WeakSet[Any] = weakref.WeakSet()


def _forget_in_child() -> None:
    # The delivery whose handler has forked is the parent's: what the child sends is no outcome of it.
    current_delivery.set(None)
    for client in list(_clients):
        client._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
