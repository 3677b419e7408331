"""Prints each due order until SIGINT or SIGTERM. The service must run."""

# [worker]
from dlq import Client, Delivery


def handle(delivery: Delivery) -> None:
    print(f"attempt {delivery.attempt} {delivery.text}", flush=True)


with Client("localhost:50051") as dlq:
    dlq.worker("orders").run(handle)
# [/worker]
