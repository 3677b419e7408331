"""The example of the Action Service of the old package, with a changed import and connection."""

import asyncio
import sys

import nats

from dlq.compat import ActionDLQHandler, DLQConfig, DLQReason


async def main(target: str, nats_url: str) -> None:
    nats_client = await nats.connect(nats_url)
    dlq_handler = ActionDLQHandler(
        target,
        DLQConfig(name="actions_service", max_retries=3, redis_key_prefix="action_dlq"),
        nats_client,
    )
    print(
        await dlq_handler.send_to_dlq(
            queue_name="action_execution",
            original_message={
                "action_type_id": "update_user",
                "object_ids": ["user123"],
                "parameters": {"status": "active"},
            },
            reason=DLQReason.WEBHOOK_FAILED,
            error=ConnectionError("the webhook did not answer"),
        )
    )
    await nats_client.close()


asyncio.run(main(*sys.argv[1:]))
