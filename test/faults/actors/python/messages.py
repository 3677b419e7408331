"""Messages of the producers of the fault suite."""

import hashlib
import json
import random

from dlq.v1 import dlq_service_pb2 as dlq
from dlq.v1 import failure_pb2, message_pb2, state_pb2
from google.protobuf.duration_pb2 import Duration

from history import new_request

FILLER_CHARS = 400

POLICY = message_pb2.RetryPolicy(
    initial_delay=Duration(nanos=100_000_000), max_delay=Duration(nanos=500_000_000)
)
FAILURES = [
    failure_pb2.Failure(reason=state_pb2.REASON_TIMEOUT),
    failure_pb2.Failure(type="requests.exceptions.ConnectTimeout", message="no answer"),
    failure_pb2.Failure(reason=state_pb2.REASON_NETWORK_ERROR, message="connection reset"),
]
# Longer than any run.
BASELINE_DELAY = Duration(seconds=30 * 24 * 3600)


def sum_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# The same as in history/guarded-facts.ts.
HOSTS = 8
ORDER_EVERY, ORDERS = 3, 150
PRIORITIES = {0: 5, 1: -5}


def keys_of(number: int) -> tuple[str, str, int]:
    """Returns host, ordering key (empty: none) and priority of a producer's message. Numbers begin at 1."""
    order = f"o{number % (ORDER_EVERY * ORDERS)}" if number % ORDER_EVERY == 0 else ""
    return f"h{number % HOSTS}", order, PRIORITIES.get(number % 10, 0)


# The same as in history/routes.ts: the range of each route in every 50 messages.
ROUTE_EVERY = 50
ROUTES = {"drop": (7, 8), "divert": (13, 15), "moved": (20, 28), "swap": (30, 38), "rule": (40, 42)}


def route_at(number: int) -> str:
    """Returns the route that rules give to a producer's message; empty: none. Numbers begin at 1."""
    position = number % ROUTE_EVERY
    return next((name for name, (first, end) in ROUTES.items() if first <= position < end), "")


# The fields that edits add to a payload, as configured in rig/guarded.yaml.
EDIT = {"edit": {"by": "queue", "whole": True}}


def edited_text(text: str) -> str:
    """Returns the payload after all edits, formatted as the server does."""
    return json.dumps(json.loads(text) | EDIT, separators=(",", ":"))


# Producers with plain stubs send it. Producers with a client copy its fields.
Request = dlq.SendToDlqRequest


class Messages:
    """Makes messages. The same seed gives the same messages, except for request ids."""

    def __init__(self, name: str, queues: list[str], plans: dict[str, float], seed: int):
        self._name, self._queues = name, queues
        self._plans, self._weights = list(plans), list(plans.values())
        self._random = random.Random(seed)
        self.made = 0

    def next(self) -> Request:
        self.made += 1
        host, order, priority = keys_of(self.made)
        parts = [f"{self._name}-{self.made}", route_at(self.made), host, order]
        source = ".".join(filter(None, parts))
        [plan] = self._random.choices(self._plans, self._weights)
        filler = self._random.randbytes(FILLER_CHARS // 2).hex()
        filler = filler[: self._random.randint(0, FILLER_CHARS)]
        content = {"source": source, "plan": plan, "filler": filler}
        request = Request(
            request_id=new_request(),
            queue=self._random.choice(self._queues),
            payload=message_pb2.Payload(text=json.dumps(content), content_type="application/json"),
            failure=self._random.choice(FAILURES),
            source_id=source,
            retry_policy=POLICY,
            attributes={"host": host},
            ordering_key=order,
            priority=priority,
        )
        if plan == "exhaust":
            request.max_retries = 2
        if plan == "baseline":
            request.delay.CopyFrom(BASELINE_DELAY)
        return request

    def batch_size(self, max_size: int) -> int:
        return self._random.randint(1, max(1, max_size))
