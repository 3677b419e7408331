"""A program of the old package with a changed import and connection."""

import asyncio
import json
import sys

from dlq.compat import WEBHOOK_RETRY_POLICY, DLQConfig, DLQHandler, DLQReason

config = DLQConfig(
    name="shop",
    max_retries=5,
    retry_policy=WEBHOOK_RETRY_POLICY,
    redis_key_prefix="shop_dlq",
)
dlq_handler = DLQHandler(sys.argv[1], config)
recovered: list[dict] = []


async def charge(order: dict) -> None:
    if not recovered:
        raise ConnectionError(f"the bank did not answer for order {order['id']}")


async def take(order: dict) -> str:
    try:
        await charge(order)
    except Exception as error:
        return await dlq_handler.send_to_dlq(
            queue_name="orders",
            original_message=order,
            reason=DLQReason.NETWORK_ERROR,
            error=error,
            metadata={"operation": "charge", "lines": [1, 2]},
        )
    return ""


async def process(order: dict) -> None:
    recovered.append(order)


async def main() -> None:
    message_id = await take({"id": 17, "total": "9.90"})
    dlq_handler.register_handler("orders", process)
    await dlq_handler.start_retry_processor()
    before = await dlq_handler.get_dlq_stats()
    success = await dlq_handler.retry_message("orders", message_id)
    after = await dlq_handler.get_dlq_stats()
    await dlq_handler.stop_retry_processor()
    print(json.dumps([success, recovered, before, after["total_messages"]]))


asyncio.run(main())
