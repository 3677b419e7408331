"""Spans and metrics, with the real SDK of OpenTelemetry."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from conftest import until

import dlq
import dlq.aio
from dlq._engine.otel import _has_tracer
from dlq.testing import FakeServer

pytest.importorskip("opentelemetry.sdk")

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler, SamplingResult
from opentelemetry.trace import SpanKind, StatusCode

exporter = InMemorySpanExporter()
reader = InMemoryMetricReader()
is_recording = False


class Switch(Sampler):
    """A provider can't be replaced: it records nothing in other tests of this process."""

    def should_sample(self, *given: Any, **named: Any) -> SamplingResult:
        return (ALWAYS_ON if is_recording else ALWAYS_OFF).should_sample(*given, **named)

    def get_description(self) -> str:
        return "Switch"


@pytest.fixture(scope="module", autouse=True)
def _sdk() -> None:
    """It is set up after the first client, which must not matter."""
    dlq.Client("localhost:1", spool=False).close()
    provider = TracerProvider(sampler=Switch())
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    _has_tracer.cache_clear()  # what an earlier test found counts for a second
    metrics.set_meter_provider(MeterProvider([reader]))


@pytest.fixture(autouse=True)
def _recording() -> Iterator[None]:
    global is_recording  # noqa: PLW0603
    is_recording = True
    exporter.clear()
    yield
    is_recording = False


@pytest.fixture
def client(fake: FakeServer) -> Iterator[dlq.Client]:
    with dlq.Client(fake.target, spool=False, on_dropped=lambda *_: None) as found:
        yield found


def span_named(name: str) -> ReadableSpan:
    def found() -> list[ReadableSpan]:
        return [span for span in exporter.get_finished_spans() if span.name == name]

    until(lambda: bool(found()))
    return found()[0]


def context_of(span: ReadableSpan) -> trace.SpanContext:
    assert span.context is not None
    return span.context


def attributes_of(span: ReadableSpan) -> Mapping[str, Any]:
    return dict(span.attributes or {})


def points(name: str, **attributes: str) -> list[Any]:
    """Returns the data points of a metric that have these attributes, with `_` for each dot."""
    data = reader.get_metrics_data()
    scopes = (
        [] if data is None else [one for all in data.resource_metrics for one in all.scope_metrics]
    )
    found = [one for scope in scopes for one in scope.metrics if one.name == name]
    wanted = {key.replace("_", "."): value for key, value in attributes.items()}
    return [
        point
        for metric in found
        for point in metric.data.data_points
        if wanted.items() <= dict(point.attributes or {}).items()
    ]


def of(queue: str) -> dict[str, str]:
    return {"messaging_destination_name": queue}


def test_a_send_and_its_handler_have_spans_of_their_own_which_are_linked(
    client: dlq.Client,
) -> None:
    with trace.get_tracer("program").start_as_current_span("request"):
        sent = client.send("orders", "x", ValueError("no stock"))
    inside: list[int] = []

    def handle(_: dlq.Delivery) -> None:
        inside.append(trace.get_current_span().get_span_context().span_id)

    with client.worker("orders").start(handle):
        handled = span_named("process orders")
    request, send = span_named("request"), span_named("send orders")
    assert isinstance(sent, dlq.Stored)
    assert (send.kind, handled.kind) == (SpanKind.PRODUCER, SpanKind.CONSUMER)
    assert send.parent is not None
    assert send.parent.span_id == context_of(request).span_id
    assert attributes_of(send) == {
        "messaging.system": "dlq",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": "orders",
        "messaging.message.id": sent.id,
        "dlq.status": "sent",
    }
    assert attributes_of(handled) == {
        "messaging.system": "dlq",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "orders",
        "messaging.message.id": sent.id,
        "dlq.attempt": 1,
        "dlq.outcome": "succeeded",
    }
    assert handled.parent is None
    assert context_of(handled).trace_id != context_of(send).trace_id
    [link] = handled.links
    assert (link.context.span_id, link.context.is_remote) == (context_of(send).span_id, True)
    assert handled.status.status_code is StatusCode.UNSET
    assert inside == [context_of(handled).span_id]
    assert send.instrumentation_scope is not None
    assert send.instrumentation_scope.name == "dlq-client"


def test_spans_of_asyncio_handlers_are_the_current_ones_of_their_tasks(fake: FakeServer) -> None:
    async def main() -> None:
        async with dlq.aio.Client(fake.target, spool=False) as client:
            await client.send("tasks", "x")

            async def handle(delivery: dlq.Delivery) -> None:
                await asyncio.sleep(0)
                await client.send("later", delivery.text)

            async with await client.worker("tasks").start(handle):
                await asyncio.to_thread(fake.wait_for, "tasks", "SUCCEEDED")

    asyncio.run(main())
    handled, later = span_named("process tasks"), span_named("send later")
    assert later.parent is not None
    assert later.parent.span_id == context_of(handled).span_id
    traceparent = fake.messages("later")[0].request.trace_context.traceparent
    assert traceparent.split("-")[2] == f"{context_of(later).span_id:016x}"


def test_a_batch_has_one_span_with_a_link_to_each_send(client: dlq.Client) -> None:
    for payload in "ab":
        client.send("batches", payload)
    with client.worker("batches").start_batches(lambda _: [None, dlq.release()]):
        handled = span_named("process batches")
    attributes = attributes_of(handled)
    assert attributes["messaging.batch.message_count"] == 2
    assert "messaging.message.id" not in attributes
    assert attributes["dlq.outcome"] == "succeeded,released"
    sends = [one for one in exporter.get_finished_spans() if one.name == "send batches"]
    linked = {link.context.span_id for link in handled.links}
    assert linked == {context_of(send).span_id for send in sends}
    [succeeded] = points("messaging.process.duration", dlq_outcome="succeeded", **of("batches"))
    assert succeeded.count == 1


def test_failures_are_errors_of_their_spans(fake: FakeServer, client: dlq.Client) -> None:
    def handle(_: dlq.Delivery) -> None:
        raise dlq.NonRetryableError("no such order")

    client.send("broken", "x")
    with client.worker("broken", on_error=lambda *_: None).start(handle):
        handled = span_named("process broken")
    assert handled.status.status_code is StatusCode.ERROR
    attributes = attributes_of(handled)
    assert attributes["error.type"].endswith("NonRetryableError")
    assert attributes["dlq.outcome"] == "failed"
    assert (handled.events[0].attributes or {})["exception.message"] == "no such order"
    fake.go_down()
    client.send("lost", "x", timeout=0.1)
    lost = span_named("send lost")
    assert lost.status.status_code is StatusCode.ERROR
    assert "not sent in time" in (lost.status.description or "")
    assert attributes_of(lost)["dlq.status"] == "dropped"
    assert attributes_of(lost)["error.type"] == "deadline"


def test_sends_handlers_the_spool_and_the_connection_have_metrics(
    fake: FakeServer,
) -> None:
    queue, target = of("metered"), {"dlq_target": fake.target}
    with dlq.Client(fake.target) as client:
        assert client.send("metered", "x").status == "sent"
        with client.worker("metered").start(lambda _: None):
            fake.wait_for("metered", "SUCCEEDED")
        [sends] = points("dlq.client.sends", **queue)
        assert sends.value == 1
        assert sends.attributes["dlq.status"] == "sent"
        [handled] = points("messaging.process.duration", dlq_outcome="succeeded", **queue)
        assert (handled.count, handled.explicit_bounds[0]) == (1, 0.005)
        assert [one.value for one in points("dlq.client.available", **target)] == [1]
        fake.go_down()
        with dlq.Client(fake.target) as other:  # the same server: its spool is added
            for _ in range(2):
                assert client.send("metered", "y", timeout=0.2).status == "spooled"
                assert other.send("metered", "y", timeout=0.2).status == "spooled"
            assert [one.value for one in points("dlq.client.available", **target)] == [0]
            assert [one.value for one in points("dlq.client.spool.messages", **target)] == [4]
            assert points("dlq.client.spool.bytes", **target)[0].value > 400
            assert points("dlq.client.spool.age", **target)[0].value >= 0
    assert points("dlq.client.available", **target) == []
    assert points("dlq.client.spool.messages", **target) == []


def test_what_can_not_be_sent_is_measured_too(client: dlq.Client) -> None:
    assert client.send("odd", "x", priority="high").status == "dropped"  # type: ignore[arg-type]
    assert attributes_of(span_named("send odd"))["error.type"] == "invalid"
    [sends] = points("dlq.client.sends", error_type="invalid", **of("odd"))
    assert sends.value == 1


def test_a_broken_tracer_loses_no_message(
    fake: FakeServer, client: dlq.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    from opentelemetry.sdk.trace import Span, Tracer

    monkeypatch.setattr(Span, "set_attribute", fail)
    assert client.send("orders", "x").status == "sent"
    monkeypatch.setattr(Tracer, "start_span", fail)
    assert client.send("orders", "y").status == "sent"
    with client.worker("orders").start(lambda _: None):
        assert len(fake.wait_for("orders", "SUCCEEDED", 2)) == 2


WITHOUT = """
import sys
sys.modules["opentelemetry"] = None
import dlq, dlq.testing
with dlq.testing.fake_server() as fake, dlq.Client(fake.target, spool=False) as client:
    assert client.send("q", "x").status == "sent"
    with client.worker("q").start(lambda _: None):
        fake.wait_for("q", "SUCCEEDED")
"""


def test_opentelemetry_is_optional() -> None:
    args = [sys.executable, "-W", "error", "-c", WITHOUT]
    ended = subprocess.run(args, timeout=60, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
