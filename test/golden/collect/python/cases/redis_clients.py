"""The client of Redis."""

import asyncio

import redis
import redis.asyncio
from ports import HOST, port


def client(peer, **options):
    options = {"socket_timeout": 2, "retry": None, "protocol": 2, **options}
    return redis.Redis(host=HOST, port=port(peer), **options)


def wrong_kind():
    with client("openRedis") as one:
        one.delete("list")
        one.rpush("list", "1")
        one.get("list")


def not_a_number():
    with client("openRedis") as one:
        one.set("word", "five")
        one.incr("word")


def in_asyncio():
    async def act():
        async with redis.asyncio.Redis(host=HOST, port=port("closed")) as one:
            await one.get("a")

    asyncio.run(act())


def full_pool():
    pool = redis.ConnectionPool(host=HOST, port=port("openRedis"), max_connections=1)
    held = redis.Redis(connection_pool=pool).pubsub()
    held.subscribe("a")
    redis.Redis(connection_pool=pool).get("a")


def blocking_pool():
    pool = redis.BlockingConnectionPool(
        host=HOST, port=port("openRedis"), max_connections=1, timeout=0.05
    )
    held = redis.Redis(connection_pool=pool).pubsub()
    held.subscribe("a")
    redis.Redis(connection_pool=pool).get("a")


CASES = {
    "redis: refused": ("redis", "NETWORK_ERROR", lambda: client("closed").get("a")),
    "redis: in asyncio, refused": ("redis", "NETWORK_ERROR", in_asyncio),
    "redis: hung up": ("redis", "NETWORK_ERROR", lambda: client("hangsUp").get("a")),
    "redis: reset": ("redis", "NETWORK_ERROR", lambda: client("resets").get("a")),
    "redis: another protocol": ("redis", "NETWORK_ERROR", lambda: client("foreign").get("a")),
    "redis: reading too slow": (
        "redis",
        "TIMEOUT",
        lambda: client("silent", socket_timeout=0.05).get("a"),
    ),
    "redis: connecting too slow": (
        "redis",
        "TIMEOUT",
        lambda: client("stalled", socket_connect_timeout=0.1).get("a"),
    ),
    "redis: no password": ("redis", "AUTHENTICATION_ERROR", lambda: client("lockedRedis").get("a")),
    "redis: a wrong password": (
        "redis",
        "AUTHENTICATION_ERROR",
        lambda: client("lockedRedis", password="wrong").get("a"),
    ),
    "redis: not permitted": (
        "redis",
        "AUTHENTICATION_ERROR",
        lambda: client("lockedRedis", username="reader", password="secret").set("a", "1"),
    ),
    "redis: out of memory": ("redis", "RESOURCE_EXHAUSTED", lambda: client("fullRedis").set("a", "1")),
    "redis: a wrong kind of key": ("redis", "EXECUTION_FAILED", wrong_kind),
    "redis: not a number": ("redis", "UNKNOWN_ERROR", not_a_number),
    "redis: no such script": (
        "redis",
        "EXECUTION_FAILED",
        lambda: client("openRedis").evalsha("0" * 40, 0),
    ),
    "redis: a value of no type": (
        "redis",
        "VALIDATION_FAILED",
        lambda: client("openRedis").set("a", {"b": 1}),
    ),
    "redis: a full pool": ("redis", "RESOURCE_EXHAUSTED", full_pool),
    "redis: a full pool that was waited for": ("redis", "RESOURCE_EXHAUSTED", blocking_pool),
    "redis: a replica asked to write": (
        "redis",
        "UNKNOWN_ERROR",
        lambda: client("replicaRedis").set("a", "1"),
    ),
    "redis: a replica whose primary is down": (
        "redis",
        "NETWORK_ERROR",
        lambda: client("replicaRedis").get("a"),
    ),
}
