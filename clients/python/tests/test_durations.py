"""Durations are seconds or timedeltas, in every option and call."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

import dlq
import dlq.aio
from dlq.testing import fake_server

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def test_a_worker_with_timedeltas_sends_handles_and_stops() -> None:
    with fake_server() as fake:
        limits = dlq.Coalesce(max_delay=timedelta(milliseconds=2))
        with dlq.Client(
            fake.target, spool=False, timeout=MINUTE, try_timeout=MINUTE, coalesce=limits
        ) as client:
            assert client.send("q", "a", timeout=HOUR).status == "sent"
            worker = client.worker("q", drain_timeout=HOUR, lease_duration=HOUR).start(
                lambda _: None
            )
            fake.wait_for("q", "SUCCEEDED")
            worker.stop(HOUR)
            worker.wait(HOUR)
            client.flush(HOUR)
            client.close(HOUR)


def test_an_asyncio_worker_with_timedeltas_stops() -> None:
    async def handle(_: object) -> None:
        pass

    async def work(target: str) -> None:
        async with dlq.aio.Client(target, spool=False, timeout=MINUTE) as client:
            worker = client.worker("q", drain_timeout=HOUR)
            await worker.start(handle)
            await worker.stop(HOUR)
            await client.flush(HOUR)
            await client.close(HOUR)

    with fake_server() as fake:
        asyncio.run(work(fake.target))


def test_what_is_no_duration_is_refused_at_once() -> None:
    for wrong in ("5", True, float("nan"), float("inf"), 10**400):
        with pytest.raises(TypeError, match="timeout is"):
            dlq.Client("127.0.0.1:1", timeout=wrong)  # type: ignore[arg-type]
    with (
        fake_server() as fake,
        dlq.Client(fake.target, spool=False) as client,
        pytest.raises(TypeError, match="drain_timeout is"),
    ):
        client.worker("q", drain_timeout="5")  # type: ignore[arg-type]
