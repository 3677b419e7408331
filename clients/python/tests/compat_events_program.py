"""The example "Basic DLQ Handler" of the old package, with a changed import and connection."""

import asyncio
import sys

import nats

from dlq.compat import DLQConfig, DLQHandler, DLQReason, RetryPolicy


async def process_order(order: dict) -> None:
    print("processed", order["order_id"])


async def main(target: str, nats_url: str) -> None:
    nats_client = await nats.connect(nats_url)
    config = DLQConfig(
        name="my_service",
        max_retries=3,
        retry_policy=RetryPolicy(initial_delay=60, backoff_multiplier=2.0),
    )
    dlq_handler = DLQHandler(target, config, nats_client)
    try:
        raise ValueError("total is missing")
    except Exception as error:
        message_id = await dlq_handler.send_to_dlq(
            queue_name="orders",
            original_message={"order_id": "order-17"},
            reason=DLQReason.VALIDATION_FAILED,
            error=error,
            metadata={"source": "shop"},
        )
    dlq_handler.register_handler("orders", process_order)
    await dlq_handler.start_retry_processor()
    print("success:", await dlq_handler.retry_message("orders", message_id))
    await dlq_handler.stop_retry_processor()
    await nats_client.drain()


asyncio.run(main(*sys.argv[1:]))
