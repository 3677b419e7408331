"""What a worker tells its owner."""

from __future__ import annotations

from dlq.v1 import dlq_service_pb2 as pb

from .._core.call_error import CallError
from .._core.durations import moment
from .._core.log import log as _log
from .._core.names import quarantine_reason_name, state_name
from ..delivery import Delivery
from ..errors import DlqClientError
from ..worker_options import SettledDelivery, WorkerOptions
from .acks import Unreported
from .serial_thread import SerialThread


class Reports:
    """In a thread of its own: what the owner does with it must not hold up leases."""

    def __init__(self, options: WorkerOptions) -> None:
        self._options = options
        self._thread = SerialThread("dlq-report")

    def error(self, error: DlqClientError, held: Delivery | None = None) -> None:
        on_error = self._options.on_error
        if on_error is None:
            _log.warning("dlq: %s", error)
        else:
            self._thread.submit(lambda: _shielded("on_error", on_error, error, held))

    def answered(self, one: Unreported, result: pb.AckResult) -> None:
        if result.status != pb.ACK_STATUS_APPLIED:
            words = f"{_about(one)} does not count: {_why_not(result)}"
            self.error(DlqClientError("lease-lost", words), one.held)
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
        )
        self._thread.submit(lambda: _shielded("on_settled", on_settled, one.held, settled))

    def given_up(self, one: Unreported, error: CallError) -> None:
        words = f"{_about(one)} could not be reported: {error.message}; it may come again"
        self.error(DlqClientError("connection", words, code=error.code), one.held)

    def close(self) -> None:
        self._thread.stop()


def _about(one: Unreported) -> str:
    return f"the outcome ({one.outcome.kind}) of message {one.held.id}"


def _why_not(result: pb.AckResult) -> str:
    if result.status == pb.ACK_STATUS_LEASE_LOST:
        return "its lease was over and it moved on"
    if result.status == pb.ACK_STATUS_NOT_FOUND:
        return "it is gone"
    return result.detail or "the server gave no result"


def _shielded(name: str, call: object, *given: object) -> None:
    try:
        call(*given)  # type: ignore[operator]
    except Exception:
        _log.exception("dlq: %s raised", name)
