"""A worker that uses the asyncio client. The plan in a message decides its outcome."""

import asyncio
import random
import signal
import sys
from functools import partial

from dlq import Delivery, Outcome, discard, fail, quarantine, release
from dlq.aio import Client

from history import History
from process import flags
from recording import record_channels

MAX_WORK_S = 0.02


async def work(delivery: Delivery, chance: random.Random, lease_s: float) -> Outcome | None:
    plan = delivery.json()["plan"]
    await asyncio.sleep(chance.uniform(0, MAX_WORK_S))
    fails = {"fail1": delivery.attempt == 1, "fail2": delivery.attempt <= 2, "exhaust": True}
    if fails.get(plan, False):
        raise RuntimeError(f"it fails by plan {plan}")
    if plan == "slow":
        await asyncio.sleep(lease_s * 1.5)
    if plan == "release" and delivery.delivery_number == 1:
        return release()
    outcomes = {
        "bad": lambda: fail(RuntimeError("it fails by plan bad"), non_retryable=True),
        "discard": lambda: discard("by plan"),
        "quarantine": lambda: quarantine("by plan"),
    }
    return outcomes[plan]() if plan in outcomes else None


async def run() -> None:
    parser = flags("Works on messages of a DLQ deployment with the client, and writes a history.")
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--lease-ms", type=int, default=2_000)
    options = parser.parse_args()
    [address] = options.addresses
    lease_s = options.lease_ms / 1_000
    chance = random.Random(options.seed)
    stop_requested = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop_requested.set)

    recording = record_channels(history := History(options.out, options.name, "worker"))
    async with Client(address, spool=False) as client:
        worker = client.worker(
            options.queues,
            concurrency=options.concurrency,
            lease_duration=lease_s,
            worker_id=options.name,
            drain_timeout=3 * lease_s,
            on_error=lambda _error, _delivery: None,  # the history has failed calls
        )
        await worker.start(partial(work, chance=chance, lease_s=lease_s))
        await stop_requested.wait()
        await worker.stop()
    recording.wait_until_ended()
    history.write("ended")


if __name__ == "__main__":
    asyncio.run(run())
    sys.exit(0)
