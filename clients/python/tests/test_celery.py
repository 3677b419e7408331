"""Celery, with a real worker of two processes and a real Redis as the broker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import celery
import pytest
from conftest import until
from old_redis import OldRedis, old_redis

import dlq
import dlq.celery
from dlq.testing import FakeServer, fake_server

PROGRAM = """
import sys, time, dlq, dlq.celery, redis
from celery import Celery
broker, target, store = sys.argv[1:4]
app = Celery("shop", broker=broker)
app.conf.update(worker_prefetch_multiplier=1, accept_content=["json", "pickle"])
client = dlq.Client(target, spool=False)
dlq.celery.install(client, "tasks")
assert client.send("warm-up", "the parent is connected").status == "sent"
ran = redis.Redis.from_url(store)

@app.task(name="charge", bind=True, max_retries=1, default_retry_delay=0)
def charge(self, *args, **kwargs):
    if ran.exists("fixed"):
        ran.rpush("charged", repr((args, kwargs)))
        return "charged"
    raise self.retry(exc=ValueError(f"no card for {args!r}"))

@app.task(name="pickled", serializer="pickle")
def pickled(*args):
    if not ran.exists("fixed"):
        raise ValueError("no card")
    ran.rpush("pickled", repr(args))

@app.task(name="collect", bind=True)
def collect(self, *args):
    info = self.request.delivery_info
    ran.rpush("collected", repr((args, info["routing_key"], info["priority"])))

@app.task(name="slow", time_limit=1)
def slow():
    time.sleep(600)

if __name__ == "__main__":
    app.worker_main(["worker", "--pool=prefork", "--concurrency=2", "--loglevel=warning", "-Q", "celery,vip",
                     "--without-gossip", "--without-mingle", "--without-heartbeat"])
"""


class Shop:
    """The worker's broker and what the tasks have recorded there."""

    def __init__(self, broker: OldRedis, fake: FakeServer) -> None:
        self.fake = fake
        self.redis = broker.client
        self.app: Any = celery.Celery("shop", broker=_broker_url(broker))

    def fails(self, task: str, *args: Any, **options: Any) -> Any:
        """Runs a task until it is in the DLQ, and returns its message."""
        id = self.app.send_task(task, args, **options).id

        def found() -> list[Any]:
            return [one for one in self.fake.messages("tasks") if one.request.source_id == id]

        until(lambda: bool(found()), timeout=120)
        [message] = found()
        return message

    def resend(self, message: Any, **options: Any) -> dlq.testing.FakeMessage:
        """Sends the message alone to the handler, with tasks that succeed, and returns it afterwards."""
        self.redis.set("fixed", 1)
        queue = f"again-{uuid.uuid4()}"
        with dlq.Client(self.fake.target, spool=False) as client:
            payload = message.payload
            client.send(queue, payload, source_id=message.request.source_id)
            with client.worker(queue).start(dlq.celery.resend(self.app, **options)):
                until(lambda: self.fake.messages(queue)[0].state not in ("SCHEDULED", "IN_FLIGHT"))
        return self.fake.messages(queue)[0]

    def ran(self, task: str) -> str:
        """Waits for the next record of a task."""
        until(lambda: bool(self.redis.exists(task)), timeout=120)
        return str(self.redis.lpop(task).decode())


def _broker_url(broker: OldRedis) -> str:
    return broker.url.replace("unix://", "redis+socket://")


@pytest.fixture(scope="module")
def shared_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.py").write_text(PROGRAM)
    with old_redis() as broker, fake_server() as fake:
        args = [sys.executable, "shop.py", _broker_url(broker), fake.target, broker.url]
        # Celery refuses pickle if it runs as root, as in containers of CI.
        environment = {**os.environ, "C_FORCE_ROOT": "1"}
        worker = subprocess.Popen(args, cwd=folder, env=environment)
        try:
            yield Shop(broker, fake)
        finally:
            worker.terminate()
            worker.wait(60)


@pytest.fixture
def shop(shared_shop: Shop) -> Shop:
    shared_shop.redis.delete("fixed")
    return shared_shop


ARGUMENTS = [
    datetime(2024, 5, 1, 12, 30, tzinfo=timezone.utc),
    uuid.UUID(int=7),
    Decimal("1.10"),
    b"\xff\x00",
    "text",
]


def test_a_failed_task_is_sent_as_celery_encodes_it(shop: Shop) -> None:
    message = shop.fails("charge", *ARGUMENTS)
    assert message.payload.content_type == "application/json"
    found = message.payload.json()
    assert found["task"] == "charge"
    assert found["args"][2] == {"__type__": "decimal", "__value__": "1.10"}
    assert message.failures[0].type == "ValueError"
    shop.resend(message)
    assert shop.ran("charged") == repr((tuple(ARGUMENTS), {}))


def test_the_serializer_of_the_task_is_used(shop: Shop) -> None:
    message = shop.fails("pickled", {1, 2}, serializer="pickle")
    assert message.payload.content_type == "application/x-python-serialize"
    assert message.request.payload.WhichOneof("body") == "data"
    shop.app.conf.accept_content = ["json"]
    assert shop.resend(message).state == "QUARANTINED", "the app does not accept pickle"
    shop.app.conf.accept_content = ["json", "pickle"]
    shop.resend(message)
    assert shop.ran("pickled") == "({1, 2},)"


def test_a_resent_task_keeps_its_options(shop: Shop) -> None:
    collect = shop.app.signature("collect", ("callback",), queue="vip")
    last = shop.app.signature("collect", ("chain",), queue="vip")
    expires = datetime.now(timezone.utc) + timedelta(hours=1)
    message = shop.fails(
        *("charge", "o-1"),
        queue="vip",
        priority=3,
        expires=expires,
        headers={"tenant": "eu"},
        link=[collect],
        chain=[last],
        time_limit=300,
    )
    options = message.payload.json()["options"]
    assert (options["queue"], options["priority"], options["time_limit"]) == ("vip", 3, 300)
    assert datetime.fromisoformat(options["expires"]) == expires
    assert options["headers"] == {"tenant": "eu"}
    assert "retries" not in options, "Celery retries the new task as often as the first"
    assert "task_id" not in options
    shop.resend(message)
    assert shop.ran("charged") == "(('o-1',), {})"
    assert sorted((shop.ran("collected"), shop.ran("collected"))) == [
        "(('charged', 'callback'), 'vip', 0)",
        "(('charged', 'chain'), 'vip', 0)",
    ]


def test_options_of_resend_take_precedence(shop: Shop) -> None:
    sent: list[Any] = []
    message = shop.fails("charge", "o-2", queue="vip", priority=3)
    send_task = shop.app.send_task
    shop.app.send_task = lambda *given, **options: sent.append((given, options))
    shop.resend(message, exchange="other", routing_key="slow", headers={"a": "b"})
    shop.app.send_task = send_task
    [(given, options)] = sent
    assert given == ("charge", ["o-2"], {})
    assert (options["exchange"], options["routing_key"], options["priority"]) == (
        "other",
        "slow",
        3,
    )
    assert "queue" not in options
    assert options["headers"] == {"a": "b", "dlq_source_id": message.request.source_id}


def test_an_expired_task_is_quarantined(shop: Shop) -> None:
    message = shop.fails("charge", "o-3")
    found = message.payload.json()
    found["options"]["expires"] = "2024-05-01T12:00:00+00:00"
    message.request.payload.text = json.dumps(found)
    assert shop.resend(message).state == "QUARANTINED"
    assert shop.resend(message, expires=60).state == "SUCCEEDED"
    assert shop.ran("charged") == "(('o-3',), {})"


def test_a_resent_task_that_fails_again_has_the_same_source_id(shop: Shop) -> None:
    message = shop.fails("charge", "o-4")
    id = message.request.source_id
    shop.app.send_task("charge", ["o-4"], headers={"dlq_source_id": id})
    until(
        lambda: sum(one.request.source_id == id for one in shop.fake.messages("tasks")) == 2,
        timeout=120,
    )


def test_a_hard_time_limit_sends_a_task_once(shop: Shop) -> None:
    first = shop.fails("slow", headers={"tenant": "eu"})
    assert first.failures[0].type.endswith("TimeLimitExceeded")
    assert first.payload.json()["options"]["headers"] == {"tenant": "eu"}
    # The worker reports both failures of the first task before those of the second.
    shop.fails("slow")
    ids = [one.request.source_id for one in shop.fake.messages("tasks")]
    assert ids.count(first.request.source_id) == 1


@pytest.fixture
def eager(fake: FakeServer) -> Iterator[Any]:
    app = celery.Celery("eager", broker="memory://")
    app.conf.task_always_eager = True
    with dlq.Client(fake.target, spool=False) as client:
        uninstall = dlq.celery.install(client, "tasks")
        yield app
        uninstall()


def test_arguments_that_celery_can_not_encode_are_sent_as_text(
    fake: FakeServer, eager: Any
) -> None:
    @eager.task(name="refuse")
    def refuse(*args: object) -> None:
        raise ValueError("no")

    refuse.apply((object(),))
    [message] = fake.messages("tasks")
    found = message.payload.json()
    assert found["task"] == "refuse"
    assert found["argsrepr"].startswith("[<object object at")
    with dlq.Client(fake.target, spool=False) as client:
        worker = client.worker("tasks").start(dlq.celery.resend(eager))
        fake.wait_for("tasks", "QUARANTINED")
        worker.stop()


def test_an_eager_task_that_raises_into_its_caller_is_not_sent(
    fake: FakeServer, eager: Any
) -> None:
    eager.conf.task_eager_propagates = True

    @eager.task(name="refuse")
    def refuse() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        refuse.delay()
    assert fake.messages("tasks") == []


def test_only_selected_tasks_are_sent(fake: FakeServer, eager: Any, tmp_path: Path) -> None:
    @eager.task(name="other")
    def other() -> None:
        raise ValueError("no")

    with dlq.Client(fake.target, spool=False) as client:
        uninstall = dlq.celery.install(client, "selected", should_send=lambda task: False)
        other.delay()
        uninstall()
    assert fake.messages("selected") == []
    assert len(fake.messages("tasks")) == 1
