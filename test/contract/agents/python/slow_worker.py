"""The workers of the README, with a handler that takes a second."""

import asyncio
import time

import dlq
import dlq.aio


def run(target: str, queue: str) -> None:
    def handle(delivery: dlq.Delivery) -> None:
        print("handling", flush=True)
        time.sleep(1)
        print("handled", flush=True)

    with dlq.Client(target) as client:
        client.worker(queue).run(handle)


def run_asyncio(target: str, queue: str) -> None:
    async def handle(delivery: dlq.Delivery) -> None:
        print("handling", flush=True)
        await asyncio.sleep(1)
        print("handled", flush=True)

    async def main() -> None:
        async with dlq.aio.Client(target) as client:
            await client.worker(queue).run(handle)

    asyncio.run(main())
