"""Wrong options of clients, workers and sends are refused in words, when they are given."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Any

import pytest

import dlq
from dlq.testing import FakeServer


async def coroutine_function(*_: object) -> None:
    """Nothing would await it."""


CLIENT: list[tuple[dict[str, Any], str]] = [
    ({"servce": "shop"}, "a client has no option 'servce'; did you mean service?"),
    ({"spool": "/var/spool"}, "spool is '/var/spool'; give True, False, or a dlq.SpoolOptions"),
    ({"spool": 1}, "spool is 1; give True"),
    ({"tls": True}, "tls is True; give a dlq.Tls, or a target with https://"),
    ({"coalesce": {}}, "coalesce is {}; give a dlq.Coalesce"),
    ({"coalesce": False}, "coalesce is False"),
    ({"timeout": 5000}, "timeout is 5000; give seconds above 0 and below 600"),
    ({"timeout": "5"}, "timeout is '5'; give a number of seconds"),
    ({"try_timeout": 0}, "try_timeout is 0; give seconds above 0"),
    ({"service": 5}, "service is 5; give text"),
    ({"on_dropped": "x"}, "on_dropped is 'x'; give a function"),
    ({"on_dropped": coroutine_function}, "on_dropped is a coroutine function"),
    ({"token": 5}, "the token is a int; give text"),
    ({"target": None}, "target is None; give one such as localhost:50051"),
    (
        {"target": "http://a:1", "tls": dlq.Tls()},
        "'http://a:1', which is plaintext, but tls is given; use https://a:1",
    ),
]


@pytest.mark.parametrize(("settings", "words"), CLIENT)
def test_a_client_refuses(settings: dict[str, Any], words: str) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        dlq.Client(**{"target": "localhost:1", **settings})
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        (dlq.Coalesce, {"max_messages": 0}, "max_messages is 0; give 1 to 1000"),
        (dlq.Coalesce, {"max_messages": 1_001}, "max_messages is 1001; give 1 to 1000"),
        (dlq.Coalesce, {"max_bytes": 4 * 1024**2}, "max_bytes is 4194304; give 1 to 3670016"),
        (dlq.Coalesce, {"max_pending_bytes": 0}, "max_pending_bytes is 0; give 1 or more"),
        (dlq.Coalesce, {"max_calls": "4"}, "max_calls is '4'; give a whole number"),
        (dlq.Coalesce, {"max_delay": -1}, "max_delay is -1"),
        (dlq.SpoolOptions, {"max_bytes": "1G"}, "max_bytes is '1G'; give a whole number"),
        (dlq.SpoolOptions, {"folder": 5}, "folder is 5; give the path of a folder"),
        (dlq.Tls, {"ca": "-----BEGIN"}, "ca is a str; give the bytes of a PEM file"),
        (dlq.Tls, {"ca": Path("/etc/ca.pem")}, "give the bytes of a PEM file"),
        (dlq.Tls, {"cert": b"pem"}, "cert and key belong together"),
    ],
)
def test_a_group_of_options_refuses(kind: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        kind(**options)
    assert words in str(raised.value)


WORKER: list[tuple[dict[str, Any], str]] = [
    ({"queues": None}, "queue is None; give the name of a queue, such as orders"),
    ({"queues": ""}, "queue is ''"),
    ({"queues": ["a", None]}, "queue is None"),
    ({"queues": b"orders"}, "give the name of a queue"),
    ({"concurency": 4}, "a worker has no option 'concurency'; did you mean concurrency?"),
    ({"concurrency": "4"}, "concurrency is '4'; give a whole number, 1 or more"),
    ({"concurrency": 1.5}, "concurrency is 1.5; give a whole number"),
    ({"prefetch": -1}, "prefetch is -1; give 0 or more"),
    ({"max_in_flight_bytes": "64MiB"}, "max_in_flight_bytes is '64MiB'; give a whole number"),
    ({"drain_timeout": -1}, "drain_timeout is -1; give 0 or more seconds"),
    ({"lease_duration": 0}, "lease_duration is 0; give seconds above 0"),
    ({"lease_duration": "30"}, "lease_duration is '30'; give a number of seconds"),
    ({"on_error": coroutine_function}, "on_error is a coroutine function"),
    ({"on_settled": 5}, "on_settled is 5; give a function"),
    ({"middleware": print}, "give a list of functions"),
    ({"middleware": ["x"]}, "middleware is 'x'; give a list of functions"),
    ({"worker_id": 5}, "worker_id is 5; give text"),
]


@pytest.fixture
def client(fake: FakeServer) -> Any:
    with dlq.Client(fake.target, spool=False) as found:
        yield found


@pytest.mark.parametrize(("settings", "words"), WORKER)
def test_a_worker_refuses(client: dlq.Client, settings: dict[str, Any], words: str) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        client.worker(**{"queues": "orders", **settings})
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"queue": None}, "queue is None"),
        ({"queue": ""}, "queue is ''"),
        ({"send": {"dealy": 1}}, "a send has no option 'dealy'; did you mean delay?"),
        ({"send": coroutine_function}, "send is a coroutine function"),
        ({"payload": coroutine_function}, "payload is a coroutine function"),
        ({"payload": "order"}, "payload is 'order'; give a function"),
    ],
)
def test_dead_letter_refuses(client: dlq.Client, options: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError) as raised:
        client.dead_letter(**{"queue": "orders", **options})
    assert words in str(raised.value)


@pytest.mark.parametrize("queue", [None, "", 5, b"orders", {"id": 1}])
def test_a_send_without_the_name_of_a_queue_is_dropped(client: dlq.Client, queue: Any) -> None:
    result = client.send(queue, "x")
    assert isinstance(result, dlq.Dropped)
    assert result.error.kind == "invalid"
    assert f"queue is {queue!r}; give the name of a queue" in str(result.error)


class Name(str, enum.Enum):
    ORDERS = "orders"


def test_members_of_text_enums_are_their_value(fake: FakeServer, client: dlq.Client) -> None:
    client.send(Name.ORDERS, Name.ORDERS, source_id=Name.ORDERS)
    with client.worker(Name.ORDERS).start(lambda _: None):
        [message] = fake.wait_for("orders", "SUCCEEDED")
    assert (message.payload.text, message.request.source_id) == ("orders", "orders")


def test_a_send_tries_for_less_than_10_minutes(client: dlq.Client) -> None:
    assert client._timeout_of(5000) < 600
