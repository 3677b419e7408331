"""Unusual arguments, and objects whose methods raise."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import until

import dlq
import dlq.aio
from dlq._core.send_request import send_request_of
from dlq.options import ClientSettings
from dlq.testing import FakeServer
from dlq.worker_options import options_of


class RaisingStr:
    def __str__(self) -> str:
        raise RuntimeError("__str__")

    __repr__ = __str__


class RaisingStrError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("__str__")


class RaisingItems(dict):  # type: ignore[type-arg]
    def items(self) -> Iterator[object]:  # type: ignore[override]
        raise RaisingStrError


@pytest.fixture
def raising_log_handler() -> Iterator[None]:
    class RaisingHandler(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            raise RuntimeError("the log")

    handler, log = RaisingHandler(), logging.getLogger("dlq")
    log.addHandler(handler)
    yield
    log.removeHandler(handler)


def test_options_that_are_none_have_their_default(fake: FakeServer) -> None:
    empty = dict.fromkeys(dlq.SendOptions.__optional_keys__)
    request = send_request_of("q", "x", None, empty, None)  # type: ignore[arg-type]
    plain = send_request_of("q", "x", None, {"request_id": request.proto.request_id}, None)
    assert request == plain
    settings = dict.fromkeys(ClientSettings.__optional_keys__)
    with dlq.Client(fake.target, **settings) as client:  # type: ignore[arg-type]
        assert client.send("q", "x", **empty).status == "sent"  # type: ignore[arg-type]
    of_worker = dict.fromkeys(dlq.WorkerSettings.__optional_keys__)
    assert options_of("q", of_worker) == options_of("q", {})  # type: ignore[arg-type]


def test_empty_texts_are_sent_as_absent() -> None:
    request = send_request_of(
        "q", "x", None, {"source_id": "", "dedup_key": "", "ordering_key": ""}, None
    ).proto
    assert (request.source_id, request.dedup_key, request.ordering_key) == ("", "", "")


@pytest.mark.parametrize("given", [10**4, 10**12, 10**30])
def test_worker_requests_stay_within_server_limits(given: int) -> None:
    settings: list[dlq.WorkerSettings] = [
        {"concurrency": given},
        {"concurrency": 1, "prefetch": given},
        {"concurrency": given, "batch_size": 1_000},
        {"max_in_flight_bytes": given},
    ]
    for one in settings:
        options = options_of("q", one)
        request = options.request(options.calls(is_batch="batch_size" in one))
        assert request.max_in_flight <= 10_000
        assert request.max_in_flight_bytes < 2**63


@pytest.mark.parametrize("payload", [RaisingItems(a=1), "x"])
def test_a_payload_or_queue_that_raises_is_dropped_without_an_exception(
    fake: FakeServer, payload: object
) -> None:
    dropped: list[str] = []
    with dlq.Client(
        fake.target, spool=False, on_dropped=lambda error, _: dropped.append(error.kind)
    ) as client:
        queue: str = "q" if isinstance(payload, dict) else RaisingStr()  # type: ignore[assignment]
        result = client.send(queue, payload, RaisingStrError(), attributes={"a": "b"})
    assert isinstance(result, dlq.Dropped)
    assert dropped == ["invalid"]


def test_a_lazy_payload_that_can_not_be_made_is_dropped_without_an_exception(
    fake: FakeServer,
) -> None:
    """For example Django's `request.user`, which asks the database."""

    class Lazy:
        @property
        def __class__(self) -> type:  # type: ignore[override]
            raise RuntimeError("the database")

    with dlq.Client(fake.target, spool=False) as client:
        assert client.send("q", Lazy()).status == "dropped"


def test_an_error_without_str_is_sent_and_such_an_attribute_is_dropped(fake: FakeServer) -> None:
    with dlq.Client(fake.target, spool=False) as client:
        assert client.send("q", "x", RaisingStrError()).status == "sent"
        attributes = {"a": RaisingStr()}
        assert client.send("q", "x", attributes=attributes).status == "dropped"  # type: ignore[arg-type]


@pytest.mark.usefixtures("raising_log_handler")
def test_a_raising_log_handler_stops_neither_sends_nor_the_spool_sender(
    fake: FakeServer, spool_folder: Path
) -> None:
    fake.go_down()
    with dlq.Client(fake.target, timeout=0.2, spool=False) as client:
        assert client.send_soon("q", "x").result(10).status == "dropped"
    spool = dlq.SpoolOptions(folder=spool_folder)
    with dlq.Client(fake.target, timeout=0.2, spool=spool) as client:
        assert client.send_soon("q", "x").result(10).status == "spooled"
        fake.come_back()
        until(lambda: len(fake.messages("q")) == 1)


def test_starlette_sends_a_request_whose_options_raise(fake: FakeServer) -> None:
    from dlq.starlette import DeadLetterMiddleware

    async def broken(*_: object) -> None:
        raise ValueError("no order")

    def raising(scope: object) -> dlq.SendOptions:
        raise RuntimeError("options")

    async def main() -> None:
        async with dlq.aio.Client(fake.target, spool=False) as client:
            app = DeadLetterMiddleware(broken, client=client, queue="http", options=raising)
            scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
            with pytest.raises(ValueError, match="no order"):
                await app(scope, None, None)  # type: ignore[arg-type]

    asyncio.run(main())
    assert len(fake.messages("http")) == 1


def test_celery_sends_a_task_when_should_send_raises(fake: FakeServer) -> None:
    celery = pytest.importorskip("celery")
    import dlq.celery

    def should_send(task: object) -> bool:
        raise RuntimeError("should_send")

    app = celery.Celery("shop", broker="memory://")

    @app.task(name="charge")  # type: ignore[untyped-decorator]
    def charge() -> None:
        raise ValueError("no card")

    with dlq.Client(fake.target, spool=False) as client:
        uninstall = dlq.celery.install(client, "tasks", should_send=should_send)
        charge.apply()
        uninstall()
    assert len(fake.messages("tasks")) == 1


_FORKED = """
import os
from dlq._core.send_request import send_request_of

def request_id():
    return send_request_of("q", "x", None, {}, None).proto.request_id

request_id()  # ids are made many at a time
child = os.fork()
os.write(1, f"{request_id()}\\n".encode())  # both processes write: each in one piece
if child:
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes can't be forked")
def test_a_forked_process_makes_other_request_ids() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _FORKED], capture_output=True, text=True, timeout=60, check=True
    )
    first, second = run.stdout.split()
    assert len(first) == len(second) == 32
    assert first != second
