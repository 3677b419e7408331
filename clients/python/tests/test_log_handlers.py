"""Log handlers of the program may block, also on the client that logs."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path

import pytest
from conftest import until
from test_spool_disk_faults import refuse

import dlq
from dlq._core.log import log
from dlq._engine import engine as engine_module
from dlq._engine import log_thread
from dlq._engine.log_thread import LogThread

UNAVAILABLE = "127.0.0.1:1"


@contextlib.contextmanager
def attached(handler: logging.Handler) -> Iterator[None]:
    logger = logging.getLogger("dlq")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class SendingHandler(logging.Handler):
    """Sends each line with the client that logs it, and waits for the result."""

    def __init__(self, client: dlq.Client) -> None:
        super().__init__()
        self._client = client
        self.sent: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        self._client.send("logs", line)
        self._client.flush()
        self.sent.append(line)


class SlowHandler(logging.Handler):
    """Blocks until `may_end` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.may_end = threading.Event()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.may_end.wait(20)
        self.records.append(record)


def test_a_handler_may_send_when_a_message_is_dropped() -> None:
    client = dlq.Client(UNAVAILABLE, spool=False, timeout=0.2)
    handler = SendingHandler(client)
    with attached(handler):
        assert client.send_soon("q", "x").result(20).status == "dropped"
        until(lambda: bool(handler.sent))
        client.close()
    assert 'dropped a message for queue "q"' in handler.sent[0]


def test_a_handler_may_send_when_a_callback_of_a_send_raises() -> None:
    def call_back(_: object) -> None:
        raise ValueError("out of order")

    client = dlq.Client(UNAVAILABLE, spool=False, timeout=0.2, on_dropped=lambda *_: None)
    handler = SendingHandler(client)
    with attached(handler):
        client.send_soon("q", "x").add_done_callback(call_back)
        until(lambda: bool(handler.sent))
        client.close()
    assert handler.sent == ["dlq: a callback of a send raised"]


def test_a_handler_may_send_when_the_spool_fails(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = dlq.SpoolOptions(folder=spool_folder)
    client = dlq.Client(UNAVAILABLE, timeout=0.2, spool=spool)
    handler = SendingHandler(client)
    monkeypatch.setattr(os, "write", refuse)
    with attached(handler):
        assert client.send_soon("q", "x").result(20) == dlq.Spooled(durable=False)
        until(lambda: bool(handler.sent))
        client.close()
    assert "keeping messages in memory" in handler.sent[0]


def test_a_handler_may_send_when_a_worker_has_no_server() -> None:
    client = dlq.Client(UNAVAILABLE, spool=False, timeout=0.2)
    handler = SendingHandler(client)
    with attached(handler):
        client.worker("q").start(lambda _: None)
        until(lambda: bool(handler.sent))
        client.close()
    assert 'the worker of queue "q" gets no messages' in handler.sent[0]


@pytest.mark.parametrize("end", ["flush", "close"])
def test_flush_and_close_wait_for_the_log(end: str) -> None:
    handler = SlowHandler()
    client = dlq.Client(UNAVAILABLE, spool=False, timeout=0.2)
    with attached(handler), ThreadPoolExecutor(1) as pool:
        client.send("q", "x")
        ended = pool.submit(getattr(client, end))
        with pytest.raises(FutureTimeoutError):
            ended.result(0.3)
        handler.may_end.set()
        ended.result(20)
        [record] = handler.records
        client.close()
    assert record.getMessage().startswith('dlq: dropped a message for queue "q"')
    assert (record.filename, record.threadName) == ("drop_report.py", "dlq-client")


@pytest.mark.parametrize("end", ["flush", "close"])
def test_flush_and_close_end_if_a_handler_blocks_too_long(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_MAX_LINE_S", 0.2)
    handler = SlowHandler()
    client = dlq.Client(UNAVAILABLE, spool=False, timeout=0.2)
    with attached(handler), ThreadPoolExecutor(1) as pool:
        client.send("q", "x")
        try:
            pool.submit(getattr(client, end)).result(5)
        finally:
            handler.may_end.set()
        client.close()


def test_the_log_says_how_many_lines_a_slow_handler_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_thread, "_MAX_WAITING", 2)
    handler, lines = SlowHandler(), LogThread()

    def write_five() -> None:
        lines.use()
        log.warning("line %d", 0)
        until(lambda: not lines._lines)  # the handler has it
        for number in range(1, 5):
            log.warning("line %d", number)

    with attached(handler):
        thread = threading.Thread(target=write_five)
        thread.start()
        thread.join(20)
        handler.may_end.set()
        until(lambda: len(handler.records) == 4)
    lines.stop()
    assert [one.getMessage() for one in handler.records] == [
        "line 0",
        "dlq: left out 2 log lines: a log handler takes too long",
        "line 1",
        "line 2",
    ]
