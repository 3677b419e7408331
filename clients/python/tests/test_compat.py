"""What a program of the old package may rely on, with a real server."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import redis.asyncio
from conftest import until

import dlq
import dlq.aio
from dlq.compat import (
    AUTH_RETRY_POLICY,
    EXECUTION_RETRY_POLICY,
    NETWORK_RETRY_POLICY,
    RESOURCE_RETRY_POLICY,
    STANDARD_RETRY_POLICY,
    VALIDATION_RETRY_POLICY,
    WEBHOOK_RETRY_POLICY,
    ActionDLQHandler,
    DLQConfig,
    DLQHandler,
    DLQReason,
    RetryPolicy,
    deprecation,
)
from dlq.compat.attributes import attributes_of
from dlq.compat.models import reason_name_of
from dlq.compat.queue_name import allowed_name, queue_name
from dlq.compat.queue_settings import queue_config_of
from dlq.testing import FakeServer, LocalServer
from dlq.v1 import dlq_admin_service_pb2 as admin
from dlq.v1 import dlq_service_pb2 as pb
from dlq.v1 import state_pb2
from dlq.v1.dlq_admin_service_pb2_grpc import DlqAdminServiceStub
from dlq.v1.queue_pb2 import QueueConfig

ORDER = {"id": 7, "lines": ["tea"]}


@asynccontextmanager
async def handler_of(server: LocalServer, **settings: Any) -> AsyncIterator[DLQHandler]:
    config = DLQConfig("shop", **{"redis_key_prefix": "old", **settings})
    client = dlq.aio.Client(server.target, spool=False)
    async with client, DLQHandler(client, config) as found:
        yield found


def config_in_force(server: LocalServer, queue: str) -> QueueConfig:
    with grpc.insecure_channel(server.target) as channel:
        request = admin.GetQueueRequest(queue=queue)
        return DlqAdminServiceStub(channel).GetQueue(request, timeout=10).queue.config


def test_a_program_runs_as_it_stood(server: LocalServer) -> None:
    program = Path(__file__).with_name("moved_program.py")
    ran = subprocess.run(
        [sys.executable, "-W", "default", program, server.target],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    success, recovered, before, left = json.loads(ran.stdout)
    assert success is True
    assert recovered == [{"id": 17, "total": "9.90"}]
    assert before == {
        "total_messages": 1,
        "total_poison_messages": 0,
        "queues": {"orders": {"size": 1, "poison_size": 0}},
    }
    assert left == 0
    assert "DLQHandler is deprecated; use dlq.aio.Client" in ran.stderr
    assert ran.stderr.count("send_to_dlq is deprecated") == 1


def test_a_message_has_what_it_had(server: LocalServer, client: dlq.Client, queue: str) -> None:
    async def send() -> str:
        async with handler_of(server) as old:
            metadata = {"source_id": "order-7", "operation": "charge", "lines": [1, {"a": None}]}
            try:
                raise TimeoutError("no answer in 3 s")
            except TimeoutError as error:
                return await old.send_to_dlq(
                    queue, ORDER, DLQReason.WEBHOOK_FAILED, error, metadata
                )

    message_id = asyncio.run(send())
    retry(client, f"old.{queue}", message_id)
    got: list[dlq.Delivery] = []
    with client.worker(f"old.{queue}").start(got.append):
        until(lambda: bool(got))
    one = got[0]
    assert one.json() == ORDER
    assert one.reason == "WEBHOOK_FAILED"
    assert one.source_id == "order-7"
    assert dict(one.attributes) == {
        "source_id": "order-7",
        "operation": "charge",
        "lines": '[1,{"a":null}]',
    }
    assert one.latest_failure is not None
    assert one.latest_failure.type == "TimeoutError"
    assert one.latest_failure.message == "no answer in 3 s"
    assert "raise TimeoutError" in one.latest_failure.stack_trace


def retry(client: dlq.Client, queue: str, message_id: str) -> None:
    response = client.stub.Retry(pb.RetryRequest(queue=queue, ids=[message_id]), timeout=10)
    assert response.retried_count == 1


def test_the_processor_runs_handlers_until_it_is_stopped(server: LocalServer, queue: str) -> None:
    async def run() -> tuple[list[Any], list[Any]]:
        policy = RetryPolicy(initial_delay=0, max_delay=0, jitter=False)
        async with handler_of(server, retry_policy=policy) as old:
            got: list[Any] = []
            late: list[Any] = []
            has_both, has_late = asyncio.Event(), asyncio.Event()

            async def handle(message: Any) -> None:
                got.append(message)
                if len(got) == 1:
                    raise RuntimeError("not yet")
                has_both.set()

            async def handle_late(message: Any) -> None:
                late.append(message)
                has_late.set()

            old.register_handler(queue, handle)
            await old.start_retry_processor()
            old.register_handler(f"{queue}-later", handle_late)
            await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, "late")
            await old.send_to_dlq(f"{queue}-later", "text", DLQReason.TIMEOUT, "late")
            await has_both.wait()
            await has_late.wait()
            await old.stop_retry_processor()
            await old.send_to_dlq(queue, {"id": 8}, DLQReason.TIMEOUT, "late")
            stats = await old.get_dlq_stats()
            assert stats["queues"][queue] == {"size": 1, "poison_size": 0}
            return got, late

    assert asyncio.run(asyncio.wait_for(run(), 60)) == ([ORDER, ORDER], ["text"])


def test_retry_message_says_whether_the_handler_succeeded(server: LocalServer, queue: str) -> None:
    async def run() -> None:
        async with handler_of(server, max_retries=1) as old:
            fails = True
            got: list[Any] = []

            def handle(message: Any) -> None:
                got.append(message)
                if fails:
                    raise ValueError("no")

            first = await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, None)
            assert await old.retry_message(queue, first) is False, "no handler is registered"
            old.register_handler(queue, handle)
            assert await old.retry_message(queue, first) is False
            stats = await old.get_dlq_stats()
            assert stats["queues"][queue] == {"size": 0, "poison_size": 1}
            fails = False
            assert await old.retry_message(queue, first) is True, "also of one that was set aside"
            assert await old.retry_message(queue, first) is False, "it is gone"
            assert await old.retry_message(queue, "spooled:1") is False
            assert got == [ORDER, ORDER]

    asyncio.run(asyncio.wait_for(run(), 60))


def test_retry_message_leaves_other_messages_alone(server: LocalServer, queue: str) -> None:
    async def run() -> list[Any]:
        policy = RetryPolicy(initial_delay=0, max_delay=0)
        async with handler_of(server, retry_policy=policy) as old:
            got: list[Any] = []
            old.register_handler(queue, got.append)
            for number in range(3):
                wanted = await old.send_to_dlq(queue, {"id": number}, DLQReason.TIMEOUT, "late")
            assert await old.retry_message(queue, wanted) is True
            stats = await old.get_dlq_stats()
            assert stats["queues"][queue]["size"] == 2
            return got

    assert asyncio.run(asyncio.wait_for(run(), 60)) == [{"id": 2}]


def test_another_process_may_be_quicker(
    server: LocalServer, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that has it at the moment decides the answer."""

    async def run(outcome: dlq.Outcome | None) -> bool:
        policy = RetryPolicy(initial_delay=0, max_delay=0)
        async with handler_of(server, retry_policy=policy) as old:
            old.register_handler(queue, lambda message: pytest.fail("it is the other one's"))
            held = asyncio.Event()
            may_end = asyncio.Event()
            asked = asyncio.Event()
            ask = old._calls.retry

            async def ask_and_tell(request: pb.RetryRequest) -> pb.RetryResponse:
                response = await ask(request)
                asked.set()
                return response

            monkeypatch.setattr(old._calls, "retry", ask_and_tell)
            other = dlq.aio.Client(server.target, spool=False)

            async def handle(delivery: dlq.Delivery) -> dlq.Outcome | None:
                held.set()
                await may_end.wait()
                return outcome

            async with other, await other.worker(f"old.{queue}", prefetch=0).start(handle):
                message_id = await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, "late")
                await held.wait()
                asking = asyncio.ensure_future(old.retry_message(queue, message_id))
                await asked.wait()
                may_end.set()
                return await asking

    assert asyncio.run(asyncio.wait_for(run(None), 60)) is True
    assert asyncio.run(asyncio.wait_for(run(dlq.quarantine()), 60)) is False


def test_settings_become_those_of_the_queue(server: LocalServer, queue: str) -> None:
    async def run() -> None:
        settings = {"max_retries": 2, "ttl": 600, "poison_threshold": 9, "deduplication_window": 60}
        async with handler_of(server, retry_policy=EXECUTION_RETRY_POLICY, **settings) as old:
            await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, "late")

    asyncio.run(run())
    found = config_in_force(server, f"old.{queue}")
    assert found.retry_policy.max_retries == 2, "the smaller one of the config's and the policy's"
    assert found.retry_policy.initial_delay.seconds == 60
    assert found.retry_policy.max_delay.seconds == 1800
    assert found.retry_policy.multiplier == 3
    assert found.ttl.seconds == 600
    assert found.poison_threshold == 9
    assert found.dedup_window.seconds == 60


def test_the_first_message_goes_by_them_already(
    server: LocalServer, client: dlq.Client, queue: str
) -> None:
    async def run() -> str:
        async with handler_of(server, max_retries=0) as old:
            message_id = await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, "late")
            stats = await old.get_dlq_stats()
            assert stats["queues"][queue] == {"size": 0, "poison_size": 1}
            return message_id

    assert asyncio.run(run())


def test_where_settings_can_not_be_set_messages_carry_them(fake: FakeServer, queue: str) -> None:
    """The fake server has no admin service."""

    async def run() -> None:
        client = dlq.aio.Client(fake.target, spool=False)
        config = DLQConfig("shop", max_retries=2, ttl=600)
        async with client, DLQHandler(client, config) as old:
            await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, "late")
            await old._settings.settle()
            await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, "late")

    asyncio.run(run())
    sent = [one.request for one in fake.messages(f"dlq.{queue}")]
    assert [(one.retry_policy.max_retries, one.ttl.seconds) for one in sent] == [(2, 600)] * 2


def test_numbers_beyond_the_service_are_the_nearest_that_it_takes() -> None:
    policy = RetryPolicy(5000, -1, 1e9, 0.5, False)
    config = DLQConfig("a", 5000, policy, 0, 99_999, 0)
    found = queue_config_of(config)
    assert found.retry_policy.max_retries == 1000
    assert found.retry_policy.initial_delay.seconds == 0
    assert found.retry_policy.max_delay.seconds == 30 * 86400
    assert found.retry_policy.multiplier == 1
    assert found.HasField("ttl"), "0 says never; without the field the server's would hold"
    assert found.ttl.seconds == 0
    assert found.poison_threshold == 1000
    assert found.HasField("dedup_window")
    assert found.dedup_window.seconds == 0


def test_presets_are_those_of_the_service(server: LocalServer) -> None:
    """Compared with what the server makes of the names."""
    policies = {
        "webhook": WEBHOOK_RETRY_POLICY,
        "validation": VALIDATION_RETRY_POLICY,
        "execution": EXECUTION_RETRY_POLICY,
        "network": NETWORK_RETRY_POLICY,
        "auth": AUTH_RETRY_POLICY,
        "resource": RESOURCE_RETRY_POLICY,
        "standard": STANDARD_RETRY_POLICY,
    }
    with grpc.insecure_channel(server.target) as channel:
        stub = DlqAdminServiceStub(channel)
        for name, policy in policies.items():
            request = admin.SimulatePolicyRequest(queue="presets", skip_stored=True)
            request.retry_policy.preset = name
            theirs = stub.SimulatePolicy(request, timeout=10).retry_policy
            ours = queue_config_of(DLQConfig("a", 1000, policy)).retry_policy
            assert (ours.max_retries, ours.initial_delay, ours.max_delay, ours.multiplier) == (
                theirs.max_retries,
                theirs.initial_delay,
                theirs.max_delay,
                theirs.multiplier,
            ), name
            assert ours.jitter == theirs.jitter


def test_reasons_are_those_of_the_service() -> None:
    names = {one.removeprefix("REASON_") for one in state_pb2.Reason.keys()}  # noqa: SIM118  # an enum
    assert set(DLQReason.__members__) == names - {"UNSPECIFIED"}
    assert reason_name_of(DLQReason.TIMEOUT) == "TIMEOUT"
    assert reason_name_of("timeout") == reason_name_of("DLQReason.TIMEOUT") == "TIMEOUT"
    assert reason_name_of("gone fishing") is None


def test_an_unreachable_service_costs_a_message_nothing(spool_folder: Path, queue: str) -> None:
    async def run() -> str:
        client = dlq.aio.Client(
            "127.0.0.1:1", timeout=0.3, spool=dlq.SpoolOptions(folder=spool_folder)
        )
        async with client, DLQHandler(client, DLQConfig("shop")) as old:
            return await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, "late")

    assert asyncio.run(run()).startswith("spooled:")


def test_who_keeps_nothing_says_so(server: LocalServer) -> None:
    async def run() -> None:
        async with handler_of(server) as old:
            with pytest.raises(dlq.DlqClientError):
                await old.send_to_dlq("orders", object(), DLQReason.TIMEOUT, "late")

    asyncio.run(run())


def test_the_connection_is_the_services(server: LocalServer) -> None:
    config = DLQConfig("shop")
    for redis_client in (redis.asyncio.Redis(), redis.Redis()):
        with pytest.raises(TypeError, match=r"Redis client.*dlq-migrate"):
            DLQHandler(redis_client, config)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Redis client"):
        ActionDLQHandler(redis_client=redis.Redis(), config=config)
    with pytest.raises(TypeError, match="the connection is missing"):
        DLQHandler(config)
    with pytest.raises(TypeError, match="the connection is a int"):
        DLQHandler(7, config)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="the config is missing"):
        DLQHandler(server.target)

    async def run() -> None:
        for made in (
            DLQHandler(server.target, config),
            DLQHandler(DLQConfig("a", target=server.target)),
        ):
            async with made:
                assert (await made.get_dlq_stats())["total_messages"] >= 0

    asyncio.run(run())


def test_an_action_handler_has_a_prefix_of_its_own(server: LocalServer) -> None:
    config = DLQConfig("shop", redis_key_prefix="")
    client = dlq.aio.Client(server.target, spool=False)
    assert ActionDLQHandler(client, config).config.redis_key_prefix == "action_dlq"
    assert config.redis_key_prefix == ""
    asyncio.run(client.close())


def test_names_of_queues_are_those_that_the_service_takes() -> None:
    assert queue_name("dlq", "orders") == "dlq.orders"
    assert queue_name("", "orders") == "orders"
    marked = queue_name("dlq", "orders:eu")
    assert marked.startswith("dlq.orders_eu-")
    assert marked != queue_name("dlq", "orders/eu")
    assert len(allowed_name("x" * 500)) == 128
    assert allowed_name("x" * 500) != allowed_name("x" * 501)
    assert allowed_name("")


def test_what_does_not_fit_of_metadata_is_told() -> None:
    many = {f"k{number}": "v" for number in range(65)}
    attributes, lost = attributes_of({"": 1, "long": "ä" * 3000, **many})
    assert len(attributes) == 64
    assert attributes["long"] == "ä" * 2048
    assert len(lost) == 4


@pytest.fixture
def _fresh_warnings() -> Iterator[None]:
    told = set(deprecation._told)
    deprecation._told.clear()
    yield
    deprecation._told.update(told)


@pytest.mark.usefixtures("_fresh_warnings")
def test_each_use_warns_once_and_names_the_new_way(server: LocalServer) -> None:
    async def run() -> None:
        for _ in range(2):
            async with DLQHandler(server.target, DLQConfig("shop"), nats_client=object()) as old:
                old.register_handler("warned", print)
                await old.get_dlq_stats()

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        asyncio.run(run())
    words = [str(one.message) for one in seen if one.category is DeprecationWarning]
    assert len(words) == len(set(words))
    for start in ("dlq.compat.DLQHandler is deprecated; use", "register_handler", "get_dlq_stats"):
        assert any(one.startswith(start) for one in words), words
    places = {one.filename for one in seen if "DLQHandler" in str(one.message)}
    assert places == {__file__}, "it points at the program's line"
