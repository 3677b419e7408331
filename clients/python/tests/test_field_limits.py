"""Values of other programs that are too long for the service, such as headers, do not cost the message."""

from __future__ import annotations

import asyncio

import pytest
from conftest import until

import dlq
import dlq.aio
from dlq._core.send_request import send_request_of
from dlq.testing import FakeServer, LocalServer

PARENT = f"00-{'a' * 32}-{'b' * 16}-01"


def only(client: dlq.Client, queue: str) -> dlq.Delivery:
    seen: list[dlq.Delivery] = []
    worker = client.worker(queue).start(seen.append)  # type: ignore[arg-type]
    until(lambda: bool(seen))
    worker.stop()
    [delivery] = seen
    return delivery


@pytest.mark.parametrize(
    ("given", "parent", "state"),
    [
        ({"traceparent": PARENT, "tracestate": "a=" + "x" * 510}, PARENT, "a=" + "x" * 510),
        ({"traceparent": PARENT, "tracestate": "a=" + "x" * 511}, PARENT, ""),
        ({"traceparent": PARENT, "tracestate": "a=" + "é" * 256}, PARENT, ""),
        ({"traceparent": PARENT + "-" + "x" * 200, "tracestate": "a=b"}, "", ""),
        ({"traceparent": PARENT, "tracestate": None}, PARENT, ""),
        ({"traceparent": None}, "", ""),
    ],
)
def test_a_trace_context_that_is_too_long_is_left_out(
    given: dict[str, str], parent: str, state: str
) -> None:
    trace = send_request_of("q", "x", None, {"trace_context": given}, None).proto.trace_context
    assert (trace.traceparent, trace.tracestate) == (parent, state)


def test_a_message_with_a_trace_context_that_is_too_long_is_stored(
    client: dlq.Client, queue: str
) -> None:
    trace = {"traceparent": PARENT, "tracestate": "a=" + "x" * 600}
    assert client.send(queue, "x", trace_context=trace).status == "sent"
    trace = {"traceparent": "x" * 200}
    assert client.send(queue, "y", trace_context=trace).status == "sent"


def test_a_fingerprint_that_is_too_long_is_cut(client: dlq.Client, queue: str) -> None:
    assert client.send(queue, "x", fingerprint="é" * 1_000_000, delay=0).status == "sent"
    failure = only(client, queue).latest_failure
    assert failure is not None
    assert (failure.fingerprint, failure.truncated) == ("é" * 128, True)


def test_text_is_cut_between_characters() -> None:
    from dlq._core.safe_read import cut_to_fit

    assert cut_to_fit("aé", 2) == "a"
    assert cut_to_fit("aé", 3) == "aé"
    assert cut_to_fit("a\ud800", 9) == "a?"


def test_starlette_sends_a_request_with_headers_that_are_too_long(
    server: LocalServer, client: dlq.Client, queue: str
) -> None:
    from dlq.starlette import DeadLetterMiddleware

    async def broken(*_: object) -> None:
        raise ValueError("no order")

    def due_now(_: object) -> dlq.SendOptions:
        return {"delay": 0}

    async def main() -> None:
        async with dlq.aio.Client(server.target, spool=False) as sender:
            app = DeadLetterMiddleware(broken, client=sender, queue=queue, options=due_now)
            scope = {
                "type": "http",
                "method": "POST",
                "path": "/" + "é" * 5_000,
                "query_string": b"a=" + b"\xe9" * 5_000,
                "headers": [(b"content-type", b"text/" + b"x" * 300)],
            }
            with pytest.raises(ValueError, match="no order"):
                await app(scope, None, None)  # type: ignore[arg-type]

    asyncio.run(main())
    delivery = only(client, queue)
    assert delivery.payload.content_type == ""
    assert delivery.attributes["http.path"] == "/" + "é" * 2_047
    assert delivery.attributes["http.query"] == "a=" + "é" * 2_047


def test_celery_sends_a_task_whose_id_is_too_long(fake: FakeServer) -> None:
    celery = pytest.importorskip("celery")
    import dlq.celery

    app = celery.Celery("shop", broker="memory://")

    @app.task(name="charge")  # type: ignore[untyped-decorator]
    def charge() -> None:
        raise ValueError("no card")

    with dlq.Client(fake.target, spool=False) as client:
        uninstall = dlq.celery.install(client, "tasks")
        charge.apply(task_id="x" * 257)
        charge.apply(task_id="x" * 256)
        uninstall()
    assert [one.request.source_id for one in fake.messages("tasks")] == ["", "x" * 256]
