"""Prints each order that is due, until it is asked to end. The service has to run."""

# [worker]
from dlq import Client, Delivery


def handle(delivery: Delivery) -> None:
    print("attempt", delivery.attempt, delivery.text, flush=True)


with Client("localhost:50051") as dlq:
    dlq.worker("orders").run(handle)
# [/worker]
