"""How `dlq.compat` converts settings, names and values."""

from __future__ import annotations

import asyncio

import grpc
import pytest
import redis.asyncio
from test_compat import ORDER, handler_of

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
)
from dlq.compat.attributes import attributes_of
from dlq.compat.models import reason_name_of
from dlq.compat.queue_name import allowed_name, queue_name
from dlq.compat.queue_settings import queue_config_of
from dlq.testing import FakeServer, LocalServer
from dlq.v1 import dlq_admin_service_pb2 as admin
from dlq.v1 import state_pb2
from dlq.v1.dlq_admin_service_pb2_grpc import DlqAdminServiceStub
from dlq.v1.queue_pb2 import QueueConfig


def config_in_force(server: LocalServer, queue: str) -> QueueConfig:
    with grpc.insecure_channel(server.target) as channel:
        request = admin.GetQueueRequest(queue=queue)
        return DlqAdminServiceStub(channel).GetQueue(request, timeout=10).queue.config


def test_settings_become_settings_of_the_queue(server: LocalServer, queue: str) -> None:
    async def run() -> None:
        settings = {"max_retries": 2, "ttl": 600, "poison_threshold": 9, "deduplication_window": 60}
        async with handler_of(server, retry_policy=EXECUTION_RETRY_POLICY, **settings) as old:
            await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, "late")

    asyncio.run(run())
    found = config_in_force(server, f"old.{queue}")
    assert found.retry_policy.max_retries == 2, "the smaller value of config and policy"
    assert found.retry_policy.initial_delay.seconds == 60
    assert found.retry_policy.max_delay.seconds == 1800
    assert found.retry_policy.multiplier == 3
    assert found.ttl.seconds == 600
    assert found.poison_threshold == 9
    assert found.dedup_window.seconds == 60


def test_settings_apply_to_the_first_message(
    server: LocalServer, client: dlq.Client, queue: str
) -> None:
    async def run() -> str:
        async with handler_of(server, max_retries=0) as old:
            message_id = await old.send_to_dlq(queue, ORDER, DLQReason.TIMEOUT, "late")
            stats = await old.get_dlq_stats()
            assert stats["queues"][queue] == {"size": 0, "poison_size": 1}
            return message_id

    assert asyncio.run(run())


def test_messages_have_the_settings_if_the_queue_can_not_be_updated(
    fake: FakeServer, queue: str
) -> None:
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


def test_numbers_are_limited_to_the_range_of_the_service() -> None:
    policy = RetryPolicy(5000, -1, 1e9, 0.5, False)
    config = DLQConfig("a", 5000, policy, 0, 99_999, 0)
    found = queue_config_of(config)
    assert found.retry_policy.max_retries == 1000
    assert found.retry_policy.initial_delay.seconds == 0
    assert found.retry_policy.max_delay.seconds == 30 * 86400
    assert found.retry_policy.multiplier == 1
    assert found.HasField("ttl"), "0 means never; an absent field means the server's default"
    assert found.ttl.seconds == 0
    assert found.poison_threshold == 1000
    assert found.HasField("dedup_window")
    assert found.dedup_window.seconds == 0


def test_retry_policies_equal_the_presets_of_the_service(server: LocalServer) -> None:
    """Compared with the presets of the server."""
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


def test_reasons_equal_those_of_the_service() -> None:
    names = {one.removeprefix("REASON_") for one in state_pb2.Reason.keys()}  # noqa: SIM118  # an enum
    assert set(DLQReason.__members__) == names - {"UNSPECIFIED"}
    assert reason_name_of(DLQReason.TIMEOUT) == "TIMEOUT"
    assert reason_name_of("timeout") == reason_name_of("DLQReason.TIMEOUT") == "TIMEOUT"
    assert reason_name_of("gone fishing") is None


def test_a_connection_other_than_the_service_is_refused(server: LocalServer) -> None:
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


@pytest.mark.parametrize(
    ("given", "prefix"),
    [
        ({}, "action_dlq"),
        ({"redis_key_prefix": ""}, "action_dlq"),
        ({"redis_key_prefix": "dlq"}, "dlq"),
        ({"redis_key_prefix": "own"}, "own"),
    ],
)
def test_an_action_handler_has_its_own_default_prefix(
    server: LocalServer, given: dict[str, str], prefix: str
) -> None:
    config = DLQConfig("shop", **given)  # type: ignore[arg-type]
    client = dlq.aio.Client(server.target, spool=False)
    assert ActionDLQHandler(client, config).config.redis_key_prefix == prefix
    assert DLQHandler(client, config).config.redis_key_prefix == given.get(
        "redis_key_prefix", "dlq"
    )
    asyncio.run(client.close())


def test_queue_names_are_valid_and_distinct() -> None:
    assert queue_name("dlq", "orders") == "dlq.orders"
    assert queue_name("", "orders") == "orders"
    hashed = queue_name("dlq", "orders:eu")
    assert hashed.startswith("dlq.orders_eu-")
    assert hashed != queue_name("dlq", "orders/eu")
    assert len(allowed_name("x" * 500)) == 128
    assert allowed_name("x" * 500) != allowed_name("x" * 501)
    assert allowed_name("")


def test_metadata_beyond_the_limits_is_cut_and_reported() -> None:
    many = {f"k{number}": "v" for number in range(65)}
    attributes, problems = attributes_of({"": 1, "long": "ä" * 3000, **many})
    assert len(attributes) == 64
    assert attributes["long"] == "ä" * 2048
    assert len(problems) == 4
