"""Handles what is due until SIGTERM. Records each delivery."""

from arguments import given, record

import dlq


def handle(delivery: dlq.Delivery) -> None:
    record(
        "handled",
        delivery.text,
        id=delivery.id,
        attempt=delivery.attempt,
        outcomeUnknown=delivery.outcome_unknown,
    )


with dlq.Client(given.target, spool=False) as client:
    worker = client.worker(
        given.queue,
        lease_duration=5,
        on_error=lambda *_: None,  # the service is unavailable
    )
    worker.run(handle)
