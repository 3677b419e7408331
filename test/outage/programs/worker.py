"""Processes what is due until SIGTERM, and writes down each delivery."""

from arguments import given, note

import dlq


def handle(delivery: dlq.Delivery) -> None:
    note(
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
        on_error=lambda *_: None,  # the service is away
    )
    worker.run(handle)
