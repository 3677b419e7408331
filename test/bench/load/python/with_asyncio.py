"""The load with the asyncio client, as users write it."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

from dlq import Delivery
from dlq.aio import Client

from commands import (
    Command,
    Running,
    callers_of,
    concurrency_of,
    numbers_of,
    payload_text,
    queue_names,
)
from tally import now_ms

ERROR = RuntimeError("shop.example did not answer within 5 s")

Result = dict[str, float]


class WithAsyncio:
    """Runs in one event loop. Commands come from other threads."""

    def __init__(self, address: str):
        self._client = Client(address, spool=False)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def send(self, command: Command, running: Running) -> Result:
        return self._run(self._send(command, running))

    def consume(self, command: Command, running: Running) -> Result:
        return self._run(self._consume(command, running))

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _send(self, command: Command, running: Running) -> Result:
        names, text = queue_names(command), payload_text(command["bytes"])
        numbers = numbers_of(command)

        async def caller() -> None:
            for number in numbers:
                began_ms = now_ms()
                queue = names[number % len(names)]
                result = await self._client.send(queue, text, ERROR, delay=0)
                if result.status == "dropped":
                    raise result.error
                running.tally.took(now_ms() - began_ms)
                running.tally.add(1)

        await asyncio.gather(*(caller() for _ in range(callers_of(command))))
        return running.tally.result()

    async def _consume(self, command: Command, running: Running) -> Result:
        worker = self._client.worker(
            queue_names(command),
            concurrency=concurrency_of(command),
            on_settled=lambda _delivery, _settled: running.tally.add(1),
        )
        await worker.start(succeed)
        await asyncio.to_thread(running.stop.wait)
        await worker.stop()
        return running.tally.result()


async def succeed(_: Delivery) -> None:
    """Does nothing: the benchmark measures everything around the handler."""
