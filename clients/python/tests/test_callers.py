"""Whatever a program gives, and whatever of it raises, costs no message."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import until

import dlq
import dlq.aio
from dlq._core.letter import letter_of
from dlq.options import ClientSettings
from dlq.testing import FakeServer
from dlq.worker_options import options_of


class Wild:
    def __str__(self) -> str:
        raise RuntimeError("__str__")

    __repr__ = __str__


class WildError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("__str__")


class Unsendable(dict):  # type: ignore[type-arg]
    def items(self) -> Iterator[object]:  # type: ignore[override]
        raise WildError


@pytest.fixture
def wild_log() -> Iterator[None]:
    """A handler of the program raises."""

    class WildHandler(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            raise RuntimeError("the log")

    wild, log = WildHandler(), logging.getLogger("dlq")
    log.addHandler(wild)
    yield
    log.removeHandler(wild)


def test_none_is_as_good_as_nothing(fake: FakeServer) -> None:
    nothing = dict.fromkeys(dlq.SendOptions.__optional_keys__)
    letter = letter_of("q", "x", None, nothing, None)  # type: ignore[arg-type]
    plain = letter_of("q", "x", None, {"request_id": letter.request.request_id}, None)
    assert letter == plain
    settings = dict.fromkeys(ClientSettings.__optional_keys__)
    with dlq.Client(fake.target, **settings) as client:  # type: ignore[arg-type]
        assert client.send("q", "x", **nothing).status == "sent"  # type: ignore[arg-type]
    of_worker = dict.fromkeys(dlq.WorkerSettings.__optional_keys__)
    assert options_of("q", of_worker) == options_of("q", {})  # type: ignore[arg-type]


def test_texts_that_are_empty_are_none() -> None:
    request = letter_of(
        "q", "x", None, {"source_id": "", "dedup_key": "", "ordering_key": ""}, None
    ).request
    assert (request.source_id, request.dedup_key, request.ordering_key) == ("", "", "")


@pytest.mark.parametrize("given", [10**4, 10**12, 10**30])
def test_no_more_is_asked_for_than_the_server_takes(given: int) -> None:
    settings: list[dlq.WorkerSettings] = [
        {"concurrency": given},
        {"concurrency": 1, "prefetch": given},
        {"max_in_flight_bytes": given},
    ]
    for one in settings:
        request = options_of("q", one).request
        assert request.max_in_flight <= 10_000
        assert request.max_in_flight_bytes < 2**63


@pytest.mark.parametrize("payload", [Unsendable(a=1), "x"])
def test_what_can_not_even_be_shown_is_dropped_and_nothing_raised(
    fake: FakeServer, payload: object
) -> None:
    told: list[str] = []
    with dlq.Client(
        fake.target, spool=False, on_dropped=lambda error, _: told.append(error.kind)
    ) as client:
        queue: str = "q" if isinstance(payload, dict) else Wild()  # type: ignore[assignment]
        result = client.send(queue, payload, WildError(), attributes={"a": "b"})
    assert isinstance(result, dlq.Dropped)
    assert told == ["invalid"]


def test_an_error_and_attributes_that_can_not_be_shown(fake: FakeServer) -> None:
    with dlq.Client(fake.target, spool=False) as client:
        assert client.send("q", "x", WildError()).status == "sent"
        wild = {"a": Wild()}
        assert client.send("q", "x", attributes=wild).status == "dropped"  # type: ignore[arg-type]


@pytest.mark.usefixtures("wild_log")
def test_with_a_log_that_raises_a_send_has_a_result_and_the_courier_goes_on(
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


def test_starlette_keeps_a_request_whose_options_raise(fake: FakeServer) -> None:
    from dlq.starlette import DeadLetterMiddleware

    async def broken(*_: object) -> None:
        raise ValueError("no order")

    def wild(scope: object) -> dlq.SendOptions:
        raise RuntimeError("options")

    async def main() -> None:
        async with dlq.aio.Client(fake.target, spool=False) as client:
            app = DeadLetterMiddleware(broken, client=client, queue="http", options=wild)
            scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
            with pytest.raises(ValueError, match="no order"):
                await app(scope, None, None)  # type: ignore[arg-type]

    asyncio.run(main())
    assert len(fake.messages("http")) == 1


def test_celery_keeps_a_task_where_nobody_knows_whether_it_is_wanted(fake: FakeServer) -> None:
    celery = pytest.importorskip("celery")
    import dlq.celery

    def wants(task: object) -> bool:
        raise RuntimeError("wants")

    app = celery.Celery("shop", broker="memory://")

    @app.task(name="charge")  # type: ignore[untyped-decorator]
    def charge() -> None:
        raise ValueError("no card")

    with dlq.Client(fake.target, spool=False) as client:
        uninstall = dlq.celery.install(client, "tasks", wants=wants)
        charge.apply()
        uninstall()
    assert len(fake.messages("tasks")) == 1
