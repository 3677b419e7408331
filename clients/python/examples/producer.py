"""Sends an order that could not be charged. The service must run."""

# [producer]
from dlq import Client

# [/producer]


def charge(order: dict[str, int]) -> None:
    raise TimeoutError(f"bank.example did not answer within 5 s: order {order['id']}")


# [producer]
with Client("localhost:50051") as dlq:
    order = {"id": 17, "amount": 100}
    try:
        charge(order)
    except TimeoutError as error:
        result = dlq.send("orders", order, error)
        print(result.status)
# [/producer]
