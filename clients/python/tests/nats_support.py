"""A nats-server for tests, and a subscriber of all its messages."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import nats
from conftest import until
from nats.aio.msg import Msg

_PROGRAM = Path(__file__).parents[3] / ".runtime/bin/nats-server"

Seen: TypeAlias = "tuple[str, dict[str, Any]]"
"""The subject and the JSON of a message."""


@contextmanager
def nats_server(folder: Path) -> Iterator[str]:
    """Starts one on a free port of loopback. Yields its URL."""
    assert _PROGRAM.exists(), "no nats-server: run `npm test -- test/clients/python-client` once"
    command = [_PROGRAM, "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", folder]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            until(lambda: bool(_urls(folder)))
            yield _urls(folder)[0]
        finally:
            server.kill()


def _urls(folder: Path) -> list[str]:
    """Returns an empty list until the server listens."""
    for file in folder.glob("*.ports"):
        try:
            return list(json.loads(file.read_text())["nats"])
        except ValueError:
            pass  # it is being written
    return []


class Subscriber:
    def __init__(self) -> None:
        self._seen: asyncio.Queue[Seen] = asyncio.Queue()

    async def on_message(self, message: Msg) -> None:
        self._seen.put_nowait((message.subject, json.loads(message.data)))

    async def next(self, count: int) -> list[Seen]:
        return [await asyncio.wait_for(self._seen.get(), 30) for _ in range(count)]


@asynccontextmanager
async def subscriber(url: str) -> AsyncIterator[Subscriber]:
    found = Subscriber()
    client = await nats.connect(url)
    await client.subscribe(">", cb=found.on_message)
    await client.flush()
    try:
        yield found
    finally:
        await client.close()
