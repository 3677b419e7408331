"""gRPC interceptors and channel options of the program."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import grpc.aio
import pytest
from conftest import until

import dlq
import dlq.aio
from dlq.testing import FakeServer, LocalServer, fake_server
from dlq.v1 import dlq_service_pb2 as pb


class Recorder(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        token = dict(details.metadata or ()).get("authorization", "")
        self.calls.append((details.method.rpartition("/")[2], token))
        return continuation(details, request)

    intercept_unary_stream = intercept_unary_unary


class AioRecorder(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self) -> None:
        self.methods: list[str] = []

    async def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        method = details.method
        self.methods.append(method.decode() if isinstance(method, bytes) else method)
        return await continuation(details, request)


def test_interceptors_see_all_calls_with_their_token(server: LocalServer, queue: str) -> None:
    recorder = Recorder()
    settings: Any = {"token": "secret-of-the-shop", "interceptors": [recorder], "spool": False}
    with dlq.Client(server.target, **settings) as client:
        client.send(queue, "x", delay=0)
        seen: list[str] = []
        with client.worker(queue).start(lambda delivery: seen.append(delivery.text)):
            until(lambda: seen == ["x"])
        client.stub.Stats(pb.StatsRequest(queues=[queue]))
    assert {"SendToDlq", "StreamDue", "Ack", "Stats"} <= {name for name, _ in recorder.calls}
    assert {token for name, token in recorder.calls if name != "Stats"} == {
        "Bearer secret-of-the-shop"
    }


def test_those_of_grpc_aio_are_for_the_stub(server: LocalServer, queue: str) -> None:
    sync, aio = Recorder(), AioRecorder()

    async def main() -> None:
        settings: Any = {"interceptors": [sync, aio], "spool": False}
        async with dlq.aio.Client(server.target, **settings) as client:
            await client.send(queue, "x")
            await client.stub().Stats(pb.StatsRequest(queues=[queue]))

    asyncio.run(main())
    assert [name for name, _ in sync.calls] == ["SendToDlq"]
    assert aio.methods == ["/dlq.v1.DlqService/Stats"]


def test_a_message_is_not_lost_if_an_interceptor_raises(fake: FakeServer) -> None:
    class Broken(Recorder):
        def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
            super().intercept_unary_unary(continuation, details, request)
            raise ValueError("broken")

    settings: Any = {"interceptors": [Broken()], "timeout": 0.2}
    with dlq.Client(fake.target, **settings) as client:
        assert client.send("q", "x").status == "spooled"


def test_what_is_no_interceptor_is_refused() -> None:
    with pytest.raises(TypeError, match="interceptors has a str; give client interceptors of grpc"):
        dlq.Client("localhost:1", interceptors=["x"])  # type: ignore[list-item]


def test_channel_options_replace_those_of_the_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agents: list[str] = []
    send = FakeServer.SendToDlq

    def recorded(self: FakeServer, request: Any, context: Any) -> Any:
        agents.append(dict(context.invocation_metadata())["user-agent"])
        return send(self, request, context)

    monkeypatch.setattr(FakeServer, "SendToDlq", recorded)
    options = [("grpc.primary_user_agent", "shop/1"), ("grpc.max_send_message_length", 1000)]
    with (
        fake_server() as fake,
        dlq.Client(fake.target, channel_options=options, timeout=5, spool=False) as client,
    ):
        assert client.send("q", "x").status == "sent"
        assert client.send("q", "x" * 2000).status == "dropped"
    assert agents[0].startswith("shop/1 ")
