"""Starlette, Celery and gunicorn, with the real frameworks."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import until

import dlq
import dlq.aio
from dlq.testing import FakeServer


def test_starlette_sends_failed_requests(fake: FakeServer) -> None:
    pytest.importorskip("starlette")
    httpx = pytest.importorskip("httpx")
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    from dlq.starlette import DeadLetterMiddleware

    async def order(request: Request) -> PlainTextResponse:
        if (await request.body()) == b'{"bad":1}':
            raise ValueError("no order")
        return PlainTextResponse("ok")

    async def main() -> list[int]:
        async with dlq.aio.Client(fake.target, spool=False) as client:
            app = Starlette(routes=[Route("/orders", order, methods=["GET", "POST"])])
            app.add_middleware(DeadLetterMiddleware, client=client, queue="http")
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
                answers = [
                    await http.post("/orders?a=1", json={"bad": 1}),
                    await http.post("/orders", json={"good": 1}),
                    await http.get("/orders"),
                ]
            return [one.status_code for one in answers]

    assert asyncio.run(main()) == [500, 200, 200]
    [message] = fake.messages("http")
    assert message.payload.json() == {"bad": 1}
    assert message.payload.content_type == "application/json"
    attributes = {"method": "POST", "path": "/orders", "query": "a=1"}
    assert dict(message.request.attributes) == attributes
    assert message.failures[0].message == "no order"


CELERY = """
import sys, dlq, dlq.celery
from celery import Celery
broker, target = sys.argv[1:3]
app = Celery("shop", broker=broker)
app.conf.worker_prefetch_multiplier = 1
client = dlq.Client(target, spool=False)
dlq.celery.install(client, "tasks")
assert client.send("warm-up", "the parent is connected").status == "sent"

@app.task(name="charge")
def charge(order):
    raise ValueError(f"no card for {order}")

if __name__ == "__main__":
    charge.delay("o-1")
    charge.delay("o-2")
    app.worker_main(["worker", "--pool=prefork", "--concurrency=2", "--loglevel=warning",
                     "--without-gossip", "--without-mingle", "--without-heartbeat"])
"""


def test_celery_prefork_sends_failed_tasks(fake: FakeServer, tmp_path: Path) -> None:
    pytest.importorskip("celery")
    program = tmp_path / "shop.py"
    program.write_text(CELERY)
    args = [sys.executable, str(program), "memory://", fake.target]
    worker = subprocess.Popen(args, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        messages = fake.wait_for("tasks", "SCHEDULED", count=2, timeout=60)
    finally:
        worker.terminate()
        worker.wait(30)
    orders = {"task": "charge", "args": ["o-1"], "kwargs": {}}
    assert orders in [one.payload.json() for one in messages]
    assert {one.failures[0].type for one in messages} == {"ValueError"}
    assert all(one.request.source_id for one in messages)


def test_celery_resends_a_due_message_as_a_task(fake: FakeServer) -> None:
    celery = pytest.importorskip("celery")
    from dlq.celery import resend

    app = celery.Celery("shop", broker="memory://")
    sent: list[object] = []
    app.send_task = lambda *given, **options: sent.append((given, options))
    with dlq.Client(fake.target, spool=False) as client:
        message = {"task": "charge", "args": ["o-1"], "kwargs": {"a": 1}}
        client.send("tasks", message, source_id="t-1")
        worker = client.worker("tasks").start(resend(app, countdown=3))
        until(lambda: bool(sent))
        worker.stop()
    options = {"headers": {"dlq_source_id": "t-1"}, "countdown": 3}
    assert sent == [(("charge", ["o-1"], {"a": 1}), options)]


GUNICORN = """
import os, dlq
client = dlq.Client(os.environ["TARGET"], spool=False)
client.send("wsgi", "master")

def app(environ, start_response):
    result = client.send("wsgi", environ["PATH_INFO"], ValueError("x"))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [result.status.encode()]
"""


@pytest.fixture
def gunicorn_url(fake: FakeServer, tmp_path: Path) -> Iterator[str]:
    pytest.importorskip("gunicorn")
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "shop.py").write_text(GUNICORN)
    args = ["--preload", "--workers=2", f"--bind=127.0.0.1:{port}", "--log-level=error", "shop:app"]
    environment = {**os.environ, "TARGET": fake.target}
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *args], cwd=tmp_path, env=environment
    )
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(30)


def test_gunicorn_workers_with_preload_send(fake: FakeServer, gunicorn_url: str) -> None:
    def status() -> str:
        try:
            with urllib.request.urlopen(gunicorn_url + "/order", timeout=20) as answer:
                return str(answer.read().decode())
        except urllib.error.URLError:
            return ""

    until(lambda: status() != "")
    assert [status() for _ in range(8)] == ["sent"] * 8
    clients = {one.request.send_number.client_id for one in fake.messages("wsgi")}
    assert len(clients) >= 2, "each process has its own client_id"
