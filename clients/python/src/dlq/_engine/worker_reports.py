"""Calls a worker's `on_error` and `on_settled`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from time import monotonic

from dlq.v1 import dlq_service_pb2 as pb

from .._core.call_error import CallError
from .._core.durations import moment
from .._core.log import log as _log
from .._core.names import quarantine_reason_name, state_name
from ..delivery import Delivery
from ..errors import DlqClientError, ErrorKind
from ..worker_options import SettledDelivery, WorkerOptions
from .handler_run import HandlerRun
from .outcome_reporter import UnreportedOutcome
from .serial_thread import SerialThread

_LOG_EVERY_S = 60.0
_NAMED_QUEUES = 3
_NAMED_MESSAGES = 3


class WorkerReports:
    """Calls them in its own thread: a slow callback must not delay leases."""

    def __init__(self, options: WorkerOptions) -> None:
        self._options = options
        self._worker = f"the worker of {_names_of(options.queues)}"
        self._thread = SerialThread("dlq-report")
        self._logged_at: dict[ErrorKind, float] = {}
        """When a line about the stream was written, by the kind of its error."""
        self._is_broken = False
        """The log says so."""

    def error(self, error: DlqClientError, delivery: Delivery | None = None) -> None:
        on_error = self._options.on_error
        if on_error is None:
            self._log(error)
        else:
            self._thread.submit(lambda: _call_safely("on_error", on_error, error, delivery))

    def handler_failed(self, deliveries: Sequence[Delivery], cause: BaseException) -> None:
        """A handler of these deliveries raised `cause`. Called in the handler's thread."""
        names = _first_few([_message_name(one) for one in deliveries])
        error = DlqClientError("handler-failed", f"the handler failed: {names}")
        error.__cause__ = cause
        self.error(error, deliveries[0])

    def handlers_cancelled(self, runs: Mapping[Delivery, HandlerRun]) -> None:
        """The worker stops, and does not wait for these handlers any longer."""
        now = monotonic()
        names = [
            f"{_message_name(one)}, for {now - run.began_at:.1f} s" for one, run in runs.items()
        ]
        _log.warning(
            "dlq: %s stops and cancels handlers that still run: %s; their messages are released; raise drain_timeout if "
            "handlers need longer",
            self._worker,
            _first_few(names),
        )

    def call_failed(self, error: DlqClientError) -> None:
        """The stream broke, or the token was refused. Each try repeats that: logged at most once a minute."""
        what = "is refused" if error.kind == "unauthenticated" else "gets no messages"
        text = f"{self._worker} {what}: {error}; retrying"
        found = DlqClientError(error.kind, text, code=error.code)
        now = monotonic()
        if self._options.on_error is not None:
            self.error(found)
        elif now - self._logged_at.get(error.kind, -math.inf) >= _LOG_EVERY_S:
            self._logged_at[error.kind] = now
            self._is_broken = True
            self.error(found)

    def stream_opened(self) -> None:
        """Logs it if the last line said that it broke."""
        if self._is_broken:
            self._is_broken = False
            _log.info("dlq: %s works again", self._worker)

    def _log(self, error: DlqClientError) -> None:
        _log.warning("dlq: %s", error, exc_info=error.__cause__)

    def answered(self, one: UnreportedOutcome, result: pb.AckResult) -> None:
        if result.status != pb.ACK_STATUS_APPLIED:
            text = f"{_name_of(one)} does not count: {_reason_of(result)}"
            self.error(DlqClientError("lease-lost", text), one.delivery)
            return
        on_settled = self._options.on_settled
        if on_settled is None:
            return
        settled = SettledDelivery(
            outcome=one.outcome.kind,
            state=state_name(result.state),
            due_time=moment(result.due_time) if result.HasField("due_time") else None,
            quarantine_reason=(
                quarantine_reason_name(result.quarantine_reason)
                if result.quarantine_reason
                else None
            ),
            error=one.outcome.error,
            duration=timedelta(seconds=one.delivery._handled_s),
        )
        self._thread.submit(lambda: _call_safely("on_settled", on_settled, one.delivery, settled))

    def given_up(self, one: UnreportedOutcome, error: CallError) -> None:
        text = (
            f"{_name_of(one)} could not be reported: {error.text}; "
            "the message may be delivered again"
        )
        self.error(DlqClientError("connection", text, code=error.code), one.delivery)

    def close(self) -> None:
        self._thread.stop()


def _names_of(queues: Sequence[str]) -> str:
    names = [f'"{queue}"' for queue in queues[:_NAMED_QUEUES]]
    if len(queues) > _NAMED_QUEUES:
        names.append("…")
    return f"{'queue' if len(queues) == 1 else 'queues'} {', '.join(names)}"


def _message_name(delivery: Delivery) -> str:
    return f'message {delivery.id} of queue "{delivery.queue}", attempt {delivery.attempt}'


def _first_few(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_MESSAGES
    return "; ".join([*names[:_NAMED_MESSAGES], *([f"{more} more"] if more > 0 else [])])


def _name_of(one: UnreportedOutcome) -> str:
    return f"the outcome ({one.outcome.kind}) of message {one.delivery.id}"


def _reason_of(result: pb.AckResult) -> str:
    if result.status == pb.ACK_STATUS_LEASE_LOST:
        return "its lease expired and another worker may have the message"
    if result.status == pb.ACK_STATUS_NOT_FOUND:
        return "the message does not exist any more"
    return result.detail or "the server returned no result"


def _call_safely(name: str, callback: object, *arguments: object) -> None:
    try:
        callback(*arguments)  # type: ignore[operator]
    except Exception:
        _log.exception("dlq: %s raised", name)
