"""The common part of the sync and the asyncio client."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

from typing_extensions import Unpack

from ._core.durations import Seconds, seconds
from ._core.safe_read import safe_str
from ._core.send_request import send_request_of
from ._engine.client_metrics import ClientMetrics
from ._engine.current import (
    current_deliveries,
    fail_current,
    fail_forwarded,
    fail_held,
    forwarded_by,
)
from ._engine.engine import Engine
from ._engine.send_future import SendFuture
from ._engine.spans import SendSpan
from .dead_letter import DeadLetter, decorate
from .delivery import Delivery
from .errors import DlqClientError
from .options import (
    MAX_TIMEOUT_S,
    ClientSettings,
    SendOptions,
    client_options_of,
    spool_target_of,
    warn_of_plaintext_token,
)
from .outcome import Outcome
from .results import Dropped, SendResult
from .status import ClientStatus, SpoolUsage
from .v1.message_pb2 import Origin


class BaseClient:
    """A client of the DLQ service. Create one and share it; it is thread-safe.

    `target` is `host:port` of the gRPC listener, or a URL without a path: `http://host:port`, or
    `https://host:port` for TLS. ClientSettings has the other settings.
    """

    def __init__(self, target: str = "localhost:50051", **settings: Unpack[ClientSettings]) -> None:
        options = self._options = client_options_of(target, settings)
        service, instance, version = options.service, options.instance, options.version
        self._origin: Origin | None = None
        if service or instance or version:
            self._origin = Origin(service=service, instance=instance, version=version)
        warn_of_plaintext_token(options)
        self._lock = threading.Lock()
        self._target = spool_target_of(options.target)
        self._metrics = ClientMetrics(self._target, self.status)
        self._is_closed = False
        self._engine: Engine | None = Engine(self._options)
        _clients.add(self)

    @property
    def engine(self) -> Engine:
        """The engine of this process; a forked process creates its own. Internal."""
        engine = self._engine
        if engine is not None and engine.is_of_this_process:
            return engine
        with self._lock:
            if self._engine is None or not self._engine.is_of_this_process:
                self._engine = Engine(self._options)
            return self._engine

    def status(self) -> ClientStatus:
        """Returns what this client has sent and still keeps, and whether its calls fail. Makes no call."""
        engine, sends = self._engine, self._metrics.sends
        if engine is not None and engine.is_of_this_process:
            return engine.status(sends)
        spool = None if self._options.spool is None else SpoolUsage()
        return ClientStatus(is_available=True, last_error=None, spool=spool, sends=sends)

    def submit(
        self, queue: str, payload: object, error: object, options: SendOptions
    ) -> Future[SendResult]:
        """Starts a send. The future never raises."""
        name = str.__str__(queue) if isinstance(queue, str) else safe_str(queue)
        span = SendSpan(name)
        forwarded: Delivery | None = None
        earlier: Outcome | None = None

        def on_result(result: SendResult) -> None:
            span.end(result)
            self._metrics.sent(name, result)
            if forwarded is not None:
                fail_forwarded(forwarded, name, result, error, earlier)

        future = SendFuture(on_result)
        try:
            forwarded = forwarded_by(payload)
            if forwarded is not None:
                earlier = forwarded._forwarding_failure
                forwarded._forwards.append(future)
            body = payload
            if isinstance(payload, Delivery):
                if payload.source_id:
                    options = {"source_id": payload.source_id, **options}
                body = payload.payload
            if options.get("trace_context") is None and (trace := span.trace_context()):
                options = {**options, "trace_context": trace}
            request = send_request_of(queue, body, error, options, self._origin)
            timeout_s = self._timeout_of(options.get("timeout"))
            failed = fail_current(request.proto, forwarded, error, self._target)
            if failed is not None:
                future.set_result(failed)
                return future
            if self._is_closed:
                text = "the client is closed; send before that"
                future.set_result(self._dropped(DlqClientError("closed", text), queue))
                return future
            self.engine.submit(request, timeout_s, future)
            return future
        except Exception as cause:  # the caller is in an error path: never raise
            invalid = DlqClientError("invalid", f"the message can't be sent: {safe_str(cause)}")
            invalid.__cause__ = cause
            dropped = self._dropped(invalid, name)
            if forwarded is None:
                fail_held(payload, name, dropped, error)
            future.set_result(dropped)
            return future

    def dead_letter(
        self,
        queue: str,
        *,
        payload: Callable[..., object] | None = None,
        send: SendOptions | Callable[..., SendOptions] | None = None,
    ) -> DeadLetter:
        """Decorates a function, sync or async: if it raises, the message is sent and the call returns None. If the
        message could not be stored, the error is raised, so that the caller keeps the message.

        The message is the first argument after `self`, or the result of `payload` with all arguments. `send` are
        options of the send, or a function of the arguments that returns them.
        """
        return decorate(lambda: self, queue, payload, send)

    def _ping(self, timeout: Seconds | None) -> Future[timedelta]:
        if self._is_closed:
            raise DlqClientError("closed", "the client is closed; make another one")
        engine = self.engine
        return engine.run(engine.ping(self._timeout_of(timeout)))

    def _timeout_of(self, given: Seconds | None) -> float:
        if given is None:
            return self._options.timeout
        return min(seconds("timeout", given), MAX_TIMEOUT_S - 1.0)

    def _dropped(self, error: DlqClientError, queue: str) -> Dropped:
        engine = self._engine
        if engine is not None and engine.is_of_this_process:
            return engine.drop_report.dropped(error, queue)
        return Dropped(error)

    def _after_fork(self) -> None:
        self._lock = threading.Lock()
        self._metrics.reset()
        if self._engine is not None:
            self._engine.forget()
            self._engine = None

    def __repr__(self) -> str:
        return f"{type(self).__module__}.{type(self).__name__}({self._options.target!r})"


_clients: weakref.WeakSet[Any] = weakref.WeakSet()


def _reset_in_child() -> None:
    # After a fork in a handler, the delivery belongs to the parent. Sends of the child are no outcome.
    current_deliveries.set(())
    for client in list(_clients):
        client._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_in_child)
