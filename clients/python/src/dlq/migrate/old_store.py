"""Reads the old package's Redis in bounded steps. Only `remove` changes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from .key_pattern import KeyPattern, text_of

_SCAN_COUNT = 500
"""Keys that one SCAN command visits."""

_REMOVE = (
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
)


class OldStore:
    """All methods raise redis.RedisError if Redis can't be reached."""

    def __init__(self, url: str) -> None:
        import redis

        self._redis: Any = redis.Redis.from_url(
            url, decode_responses=False, socket_connect_timeout=10, socket_timeout=60
        )
        self._redis.ping()
        self._remove = self._redis.register_script(_REMOVE)

    def keys(self, pattern: KeyPattern, kind: str) -> Iterator[list[bytes]]:
        """Yields the matching keys of one type. A key may come twice."""
        cursor = 0
        while True:
            cursor, found = self._redis.scan(
                cursor, match=pattern.glob, count=_SCAN_COUNT, _type=kind
            )
            if found:
                yield found
            if cursor == 0:
                return

    def members(self, key: bytes, kind: str) -> Iterator[list[tuple[str, float]]]:
        """Yields the members of a sorted set with their scores, or of a set with scores 0."""
        cursor = 0
        while True:
            if kind == "zset":
                cursor, found = self._redis.zscan(key, cursor, count=_SCAN_COUNT)
            else:
                cursor, plain = self._redis.sscan(key, cursor, count=_SCAN_COUNT)
                found = [(member, 0.0) for member in plain]
            yield [(text_of(member), score) for member, score in found]
            if cursor == 0:
                return

    def values(self, keys: Sequence[bytes]) -> list[tuple[bytes | None, float | None]]:
        """Returns each value, and the seconds until it expires; None: never."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.mget(keys)
        for key in keys:
            pipeline.pttl(key)
        values, *ttls_ms = pipeline.execute()
        return [
            (value, ttl_ms / 1000 if ttl_ms >= 0 else None)
            for value, ttl_ms in zip(values, ttls_ms)
        ]

    def remove(
        self, key: bytes, value: bytes, listed: Sequence[tuple[bytes, str]], id: str
    ) -> bool:
        """Removes the message and its index entries if it still has this value. Returns whether it did."""
        if not self._remove(keys=[key], args=[value]):
            return False
        pipeline = self._redis.pipeline(transaction=False)
        for index, kind in listed:
            (pipeline.zrem if kind == "zset" else pipeline.srem)(index, id)
        pipeline.execute()
        return True

    def close(self) -> None:
        self._redis.close()


def shown_url(url: str) -> str:
    """Returns the URL without user, password and other options than `db`."""
    address, _, query = url.partition("?")
    kept = [part for part in query.split("&") if part.startswith("db=")]
    return re.sub(r"//[^/]*@", "//", address) + (f"?{kept[0]}" if kept else "")
