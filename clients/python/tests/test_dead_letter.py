"""The `dead_letter` decorator, and trace contexts."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from conftest import until
from test_spool_files import TARGET

import dlq
import dlq.aio
from dlq.testing import FakeServer, fake_server


@pytest.fixture
def client(fake: FakeServer) -> Iterator[dlq.Client]:
    with dlq.Client(fake.target, spool=False) as found:
        yield found


def test_a_raised_error_is_sent_with_the_first_argument(
    fake: FakeServer, client: dlq.Client
) -> None:
    @client.dead_letter(queue="orders")
    def charge(order: dict[str, int]) -> str:
        if order["id"] == 1:
            raise ValueError("no card")
        return "charged"

    assert charge({"id": 0}) == "charged"
    assert charge({"id": 1}) is None
    assert charge.__name__ == "charge"
    [message] = fake.messages("orders")
    assert message.payload.json() == {"id": 1}
    assert message.failures[0].message == "no card"


def test_coroutine_functions_are_wrapped(fake: FakeServer) -> None:
    async def main() -> None:
        async with dlq.aio.Client(fake.target, spool=False) as client:

            @client.dead_letter(queue="orders", send={"priority": 5})
            async def charge(order: str) -> None:
                raise ValueError(order)

            assert await charge("a") is None

    asyncio.run(main())
    assert fake.messages("orders")[0].request.priority == 5


def test_payload_and_options_are_made_from_the_arguments(
    fake: FakeServer, client: dlq.Client
) -> None:
    @client.dead_letter(
        queue="orders",
        payload=lambda kind, order: order,
        send=lambda kind, order: {"attributes": {"kind": kind}},
    )
    def charge(kind: str, order: str) -> None:
        raise ValueError

    charge("card", order="o-1")
    [message] = fake.messages("orders")
    assert message.payload.text == "o-1"
    assert dict(message.request.attributes) == {"kind": "card"}


def test_the_error_is_raised_if_the_message_can_not_be_stored(client: dlq.Client) -> None:
    @client.dead_letter(queue="orders")
    def charge(order: object) -> None:
        raise ValueError("no card")

    with pytest.raises(ValueError, match="no card"):
        charge(object())


@pytest.fixture
def no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages can only be spooled in memory."""
    for name in ("DLQ_SPOOL_DIR", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, "/dev/null/nothing")


@pytest.mark.usefixtures("no_folder")
def test_the_error_is_raised_if_the_message_is_only_in_memory() -> None:
    with dlq.Client(TARGET, service="shop", timeout=0.1) as client:
        assert client.send("orders", "x") == dlq.Spooled(durable=False)

        @client.dead_letter(queue="orders")
        def charge(order: str) -> None:
            raise ValueError("no card")

        with pytest.raises(ValueError, match="no card"):
            charge("o-1")


@pytest.mark.usefixtures("no_folder")
def test_a_coroutine_function_raises_if_the_message_is_only_in_memory() -> None:
    async def main() -> None:
        async with dlq.aio.Client(TARGET, service="shop", timeout=0.1) as client:

            @client.dead_letter(queue="orders")
            async def charge(order: str) -> None:
                raise ValueError("no card")

            with pytest.raises(ValueError, match="no card"):
                await charge("o-1")

    asyncio.run(main())


def test_a_decorated_handler_fails_its_delivery(fake: FakeServer, client: dlq.Client) -> None:
    @client.dead_letter(queue="orders")
    def charge(delivery: dlq.Delivery) -> None:
        raise ValueError(f"attempt {delivery.attempt}")

    client.send("orders", "x", max_retries=2)
    worker = client.worker("orders").start(charge)
    [message] = fake.wait_for("orders", "QUARANTINED")
    worker.stop()
    assert [one.message for one in message.failures] == ["", "attempt 1", "attempt 2"]


def test_a_decorator_without_a_queue_is_refused(client: dlq.Client) -> None:
    def charge(order: object) -> None:
        raise ValueError("no card")

    for decorator in (dlq.dead_letter, client.dead_letter):
        with pytest.raises(TypeError, match="the queue is missing"):
            decorator(charge)  # type: ignore[arg-type]


def test_a_generator_that_fails_is_sent_and_ends(fake: FakeServer, client: dlq.Client) -> None:
    @client.dead_letter(queue="orders")
    def lines(order: str) -> Iterator[object]:
        got = yield "first"
        yield got
        raise ValueError("no more")

    found = lines("o-1")
    assert next(found) == "first"
    assert found.send("given") == "given"  # type: ignore[attr-defined]
    assert list(found) == []
    [message] = fake.messages("orders")
    assert message.payload.text == "o-1"

    with pytest.raises(ValueError, match="no more"):
        list(client.dead_letter(queue="a/b")(lines.__wrapped__)("o-2"))  # type: ignore[attr-defined]


def test_an_async_generator_that_fails_is_sent_and_ends(fake: FakeServer) -> None:
    closed: list[str] = []

    async def main() -> None:
        async with dlq.aio.Client(fake.target, spool=False) as client:

            @client.dead_letter(queue="orders")
            async def lines(order: str) -> AsyncIterator[object]:
                try:
                    yield (yield "first")
                except KeyError:
                    yield "recovered"
                finally:
                    closed.append(order)
                raise ValueError("no more")

            found: Any = lines("o-1")
            assert await found.__anext__() == "first"
            assert await found.asend("given") == "given"
            assert [one async for one in found] == []

            thrown: Any = lines("o-2")
            await thrown.__anext__()
            assert await thrown.athrow(KeyError("reader")) == "recovered"
            await thrown.aclose()

    asyncio.run(main())
    assert closed == ["o-1", "o-2"]
    assert [one.payload.text for one in fake.messages("orders")] == ["o-1"]


def test_the_default_client_is_configured_by_the_environment(
    fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLQ_TARGET", fake.target)
    monkeypatch.setenv("DLQ_SERVICE", "shop")

    @dlq.dead_letter(queue="orders")
    def charge(order: str) -> None:
        raise ValueError

    charge("o-1")
    [message] = fake.messages("orders")
    assert message.request.origin.service == "shop"
    dlq.default_client().close()


def test_the_default_client_follows_the_environment(
    fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dlq.dead_letter(queue="orders")
    def charge(order: str) -> None:
        raise ValueError

    monkeypatch.setenv("DLQ_TARGET", fake.target)
    charge("o-1")
    assert dlq.default_client() is dlq.default_client()
    dlq.default_client().close()
    charge("o-2")
    assert [one.payload.text for one in fake.messages("orders")] == ["o-1", "o-2"]
    with fake_server() as other:
        monkeypatch.setenv("DLQ_TARGET", other.target)
        charge("o-3")
        assert [one.payload.text for one in other.messages("orders")] == ["o-3"]
        dlq.default_client().close()
    monkeypatch.setenv("DLQ_TARGET", fake.target)
    dlq.default_client().close()


def test_a_send_and_its_handler_share_the_trace(fake: FakeServer, client: dlq.Client) -> None:
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    tracer = TracerProvider().get_tracer("tests")
    with tracer.start_as_current_span("order") as span:
        sent = f"{span.get_span_context().trace_id:032x}"
        client.send("orders", "x")
    assert fake.messages("orders")[0].request.trace_context.traceparent.split("-")[1] == sent

    seen: list[str] = []

    def handle(_: dlq.Delivery) -> None:
        seen.append(f"{trace.get_current_span().get_span_context().trace_id:032x}")

    worker = client.worker("orders").start(handle)
    until(lambda: seen == [sent])
    worker.stop()


def test_a_handler_may_be_wrapped_by_another_client_of_the_same_service(
    fake: FakeServer, client: dlq.Client
) -> None:
    with dlq.Client(f"http://{fake.target}", spool=False) as other:

        @other.dead_letter("orders")
        def charge(delivery: dlq.Delivery) -> None:
            raise ValueError("no card")

        client.send("orders", "a", max_retries=1)
        with client.worker("orders").start(charge):
            [message] = fake.wait_for("orders", "QUARANTINED")
    assert (message.attempts, len(fake.messages("orders"))) == (1, 1)


def test_an_error_of_a_wrapped_batch_handler_fails_all_deliveries(
    fake: FakeServer, client: dlq.Client, caplog: pytest.LogCaptureFixture
) -> None:
    @client.dead_letter("orders")
    def charge_all(deliveries: list[dlq.Delivery]) -> None:
        raise ValueError("no card")

    for payload in ("a", "b"):
        client.send("orders", payload, max_retries=1)
    with client.worker("orders").start_batches(charge_all):
        fake.wait_for("orders", "QUARANTINED", 2)
    assert len(fake.messages("orders")) == 2
    assert "dropped" not in caplog.text


def test_a_delivery_is_sent_to_another_queue_as_its_payload(
    fake: FakeServer, client: dlq.Client
) -> None:
    def move(delivery: dlq.Delivery) -> None:
        assert client.send("later", delivery, ValueError("no card")).status == "sent"

    client.send("orders", b"\x00", source_id="order-1", content_type="image/png")
    with client.worker("orders").start(move):
        fake.wait_for("orders", "SUCCEEDED")
    [message] = fake.messages("later")
    assert (message.payload.bytes, message.payload.content_type) == (b"\x00", "image/png")
    assert message.request.source_id == "order-1"


def test_a_delivery_that_its_handler_sends_again_fails(
    fake: FakeServer, client: dlq.Client
) -> None:
    client.send("orders", {"id": 1}, max_retries=1)
    with client.worker("orders").start(
        lambda delivery: [client.send("orders", delivery, ValueError("no card")), None][1]
    ):
        [message] = fake.wait_for("orders", "QUARANTINED")
    assert message.failures[-1].message == "no card"
    assert len(fake.messages("orders")) == 1


def test_a_send_of_asyncio_that_is_not_awaited_is_not_lost(fake: FakeServer) -> None:
    async def main() -> None:
        async with dlq.aio.Client(fake.target, spool=False) as client:

            async def handle(delivery: dlq.Delivery) -> None:
                if client.send("orders", delivery, ValueError("no card")) is None:  # no await
                    raise AssertionError

            await client.send("orders", "a", max_retries=1)
            async with await client.worker("orders").start(handle):
                await asyncio.to_thread(fake.wait_for, "orders", "QUARANTINED")
            await asyncio.gather(
                client.send("mails", "b"), asyncio.create_task(client.send("mails", "c"))
            )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that of Python about the missing await
        asyncio.run(main())
    assert len(fake.messages("orders")) == 1
    assert len(fake.messages("mails")) == 2
