"""Starlette, with a real uvicorn and real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from conftest import until
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

import dlq
import dlq.aio
from dlq._core.query_text import path_of, query_text
from dlq.starlette import DeadLetterMiddleware
from dlq.testing import FakeMessage, FakeServer

QUERIES = Path(__file__).parents[2] / "scenarios/queries.json"
LARGE = b"0123456789" * 90_000


async def parse(request: Request) -> PlainTextResponse:
    if b"bad" in await request.body():
        raise ValueError("no order")
    return PlainTextResponse("ok")


async def refuse(request: Request) -> PlainTextResponse:
    raise ValueError("nothing read")


async def begin(request: Request) -> PlainTextResponse:
    async for _ in request.stream():
        raise ValueError("one chunk read")
    return PlainTextResponse("empty")


async def stream(request: Request) -> StreamingResponse:
    async def lines() -> AsyncIterator[bytes]:
        yield b"line"
        raise ValueError("after the first line")

    return StreamingResponse(lines())


async def handled(request: Request) -> PlainTextResponse:
    raise LookupError("has a handler")


async def on_lookup_error(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, status_code=500)


class Site:
    def __init__(self, fake: FakeServer, port: int) -> None:
        self.fake = fake
        self.port = port
        # uvicorn closes a connection after an exception, maybe when the next request is on its way.
        limits = httpx.Limits(max_keepalive_connections=0)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=60)

    def connect(self, path: str, length: int) -> socket.socket:
        """Opens a request whose body has `length` bytes, and sends none of them."""
        found = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        found.sendall(
            f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n".encode()
        )
        return found

    def message(self) -> FakeMessage:
        [found] = self.fake.wait_for("http", "SCHEDULED")
        return found


@pytest.fixture
def body_timeout() -> float:
    return 60.0


@pytest.fixture
def site(fake: FakeServer, body_timeout: float) -> Iterator[Site]:
    client = dlq.aio.Client(fake.target, spool=False)
    handlers: Any = (parse, refuse, begin, stream, handled)
    routes = [Route(f"/{one.__name__}", one, methods=["GET", "POST"]) for one in handlers]
    app = Starlette(routes=routes, exception_handlers={LookupError: on_lookup_error})
    app.add_middleware(
        DeadLetterMiddleware,
        client=client,
        queue="http",
        body_timeout=body_timeout,
        secret_parameters=["card"],
    )
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    found = Site(fake, server.servers[0].sockets[0].getsockname()[1])
    yield found
    found.http.close()
    server.should_exit = True
    thread.join(60)
    asyncio.run(client.close())


def test_failed_requests_are_sent(site: Site) -> None:
    answers = [
        site.http.post("/parse?a=1&access_token=secret&card=secret", json={"bad": 1}),
        site.http.post("/parse", json={"good": 1}),
        site.http.get("/refuse"),
    ]
    assert [one.status_code for one in answers] == [500, 200, 500]
    message = site.message()
    assert message.payload.json() == {"bad": 1}
    assert message.payload.content_type == "application/json"
    attributes = {
        "http.method": "POST",
        "http.path": "/parse",
        "http.query": "a=1&access_token=[hidden]&card=[hidden]",
    }
    assert dict(message.request.attributes) == attributes
    assert message.failures[0].message == "no order"


@pytest.mark.parametrize("path", ["/refuse", "/begin"])
def test_the_body_that_the_handler_did_not_read_is_sent(site: Site, path: str) -> None:
    assert site.http.post(path, content=LARGE).status_code == 500
    message = site.message()
    assert message.payload.bytes == LARGE
    assert "http.body" not in message.request.attributes


def test_a_request_that_fails_in_its_response_is_sent(site: Site) -> None:
    with pytest.raises(httpx.TransportError):
        site.http.post("/stream", content=b"whole")
    assert site.message().payload.text == "whole"


def test_a_body_is_marked_as_cut_if_the_client_disconnects(site: Site) -> None:
    with site.connect("/parse", 9) as connection:
        connection.sendall(b"half")
    message = site.message()
    assert message.payload.text == "half"
    assert message.request.attributes["http.body"] == "cut after 4 bytes: the client disconnected"


@pytest.mark.parametrize("body_timeout", [0.05])
def test_a_body_is_marked_as_cut_if_the_rest_is_late(site: Site) -> None:
    with site.connect("/refuse", 9) as connection:
        assert connection.recv(12) == b"HTTP/1.1 500"
        message = site.message()
    assert message.payload.text == ""
    assert (
        message.request.attributes["http.body"]
        == "cut after 0 bytes: the rest did not arrive in time"
    )


def test_a_body_that_is_too_large_is_left_out(site: Site) -> None:
    with contextlib.suppress(httpx.TransportError):  # it may be closed before all is written
        assert site.http.post("/refuse", content=LARGE + LARGE).status_code == 500
    message = site.message()
    assert message.payload.text == ""
    assert message.request.attributes["http.body"] == "left out: too large"


def test_the_content_encoding_is_sent(site: Site) -> None:
    body = gzip.compress(b'{"bad":1}')
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    site.http.post("/refuse", content=body, headers=headers)
    message = site.message()
    assert message.payload.bytes == body
    assert message.request.attributes["http.content_encoding"] == "gzip"


def test_a_request_whose_exception_is_handled_is_not_sent(site: Site) -> None:
    assert site.http.post("/handled").status_code == 500
    site.http.post("/refuse", content=b"later")
    assert site.message().payload.text == "later"


def test_a_sync_client_is_refused_at_construction(client: dlq.Client) -> None:
    async def app(*given: object) -> None: ...

    with pytest.raises(TypeError, match=r"client is a dlq.client.Client; give a dlq.aio.Client"):
        DeadLetterMiddleware(app, client=client, queue="http")  # type: ignore[arg-type]


def test_the_names_of_methods_are_a_set_in_any_case(fake: FakeServer) -> None:
    async def app(*given: object) -> None:
        raise ValueError("no order")

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"x", "more_body": False}

    async def main() -> None:
        async with dlq.aio.Client(fake.target, spool=False) as client:
            wrapped: Any = DeadLetterMiddleware(
                app, client=client, queue="http", methods={"report"}
            )
            scope = {"type": "http", "method": "REPORT", "path": "/", "headers": []}
            with pytest.raises(ValueError, match="no order"):
                await wrapped(scope, receive, None)
            with pytest.raises(TypeError, match="methods is 'POST'; give a set of names"):
                DeadLetterMiddleware(app, client=client, queue="http", methods="POST")  # type: ignore[arg-type]

    asyncio.run(main())
    assert len(fake.messages("http")) == 1


@pytest.mark.parametrize("case", json.loads(QUERIES.read_text()), ids=lambda case: case["query"])
def test_secrets_in_a_query_are_hidden(case: dict[str, Any]) -> None:
    assert query_text(case["query"], case.get("names", ())) == case["shown"]


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/orders", "/orders"),
        ("//a@b/c", "//a@b/c"),
        ("http://shop:x@h:80/a@b", "/a@b"),
        ("http://shop:x@h", "/"),
    ],
)
def test_a_stored_path_has_no_user_and_password(target: str, path: str) -> None:
    assert path_of(target) == path
