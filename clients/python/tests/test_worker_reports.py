"""What a worker without `on_error` logs."""

from __future__ import annotations

import pytest
from conftest import until

from dlq._engine import worker_reports as worker_reports_module
from dlq._engine.worker_reports import WorkerReports
from dlq.delivery import Delivery
from dlq.errors import DlqClientError
from dlq.v1 import dlq_service_pb2 as pb
from dlq.v1.message_pb2 import Message
from dlq.worker_options import WorkerOptions

REFUSED = DlqClientError("unauthenticated", "no valid credentials; do this")
BROKEN = DlqClientError("connection", "connection refused")


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.message for one in caplog.records]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (REFUSED, "is refused: no valid credentials; do this; retrying"),
        (BROKEN, "gets no messages: connection refused; retrying"),
    ],
)
def test_what_fails_with_each_try_is_logged_once_a_minute_with_the_queue(
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    error: DlqClientError,
    line: str,
) -> None:
    now = 0.0
    monkeypatch.setattr(worker_reports_module, "monotonic", lambda: now)
    reports = WorkerReports(WorkerOptions(queues=["orders"]))
    reports.call_failed(error)
    now = 59.0
    reports.call_failed(error)
    line = f'dlq: the worker of queue "orders" {line}'
    assert lines(caplog) == [line]
    now = 60.0
    reports.call_failed(error)
    assert lines(caplog) == [line, line]
    reports.close()


def test_the_log_says_once_when_the_worker_works_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    reports = WorkerReports(WorkerOptions(queues=["orders"]))
    reports.stream_opened()
    assert lines(caplog) == []
    reports.call_failed(BROKEN)
    for _ in range(3):
        reports.stream_opened()
        reports.call_failed(BROKEN)  # within the minute
    assert lines(caplog)[1:] == ['dlq: the worker of queue "orders" works again']
    reports.close()


def test_a_callback_gets_each_failure() -> None:
    texts: list[str] = []
    options = WorkerOptions(queues=["orders"], on_error=lambda error, _: texts.append(str(error)))
    reports = WorkerReports(options)
    for _ in range(2):
        reports.call_failed(BROKEN)
    until(lambda: len(texts) == 2)
    assert texts[1] == 'the worker of queue "orders" gets no messages: connection refused; retrying'
    reports.close()


def test_at_most_three_queues_are_named(caplog: pytest.LogCaptureFixture) -> None:
    reports = WorkerReports(WorkerOptions(queues=["a", "b", "c", "d"]))
    reports.call_failed(REFUSED)
    assert 'the worker of queues "a", "b", "c", … is refused' in lines(caplog)[0]
    reports.close()


def test_other_errors_are_all_logged(caplog: pytest.LogCaptureFixture) -> None:
    reports = WorkerReports(WorkerOptions(queues=["orders"]))
    for text in ("one", "two"):
        reports.error(DlqClientError("lease-lost", text))
    assert lines(caplog) == ["dlq: one", "dlq: two"]
    reports.close()


class OutOfStock(Exception):
    password = "hunter2"


def test_a_failed_handler_is_logged_with_its_traceback_and_causes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reports = WorkerReports(WorkerOptions(queues=["orders"]))
    raw = pb.Delivery(message=Message(id="id-1", queue="orders"), attempt=2)
    try:
        raise OutOfStock("no stock") from ConnectionResetError("socket closed")
    except OutOfStock as error:
        reports.handler_failed([Delivery(raw, "", 0.0)], error)
    reports.close()
    [record] = caplog.records
    assert record.levelname == "WARNING"
    text = 'dlq: the handler failed: message id-1 of queue "orders", attempt 2'
    assert record.message == text
    for part in ("test_worker_reports.py", "OutOfStock: no stock", "ResetError: socket closed"):
        assert part in caplog.text
    assert "hunter2" not in caplog.text
