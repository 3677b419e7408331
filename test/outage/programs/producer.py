"""Sends at a steady rate until SIGTERM. Records each send and its result."""

import signal
import threading
import time
from concurrent.futures import Future

from arguments import given, record

import dlq

stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopped.set())


class NoAnswer(Exception):
    pass


def send(client: dlq.Client, name: str) -> None:
    began = time.monotonic()

    def record_result(future: "Future[dlq.SendResult]") -> None:
        result = future.result()
        fields: dict[str, object] = {"status": result.status}
        if result.status == "spooled":
            fields["durable"] = result.durable
        if result.status == "dropped":
            fields["error"] = f"{result.error.kind}: {result.error}"
        record("result", name, tookMs=(time.monotonic() - began) * 1000, **fields)

    record("sending", name)
    error = NoAnswer("shop.example did not answer")
    client.send_soon(given.queue, name, error, delay=0.05).add_done_callback(record_result)


def main() -> None:
    every = 1 / float(given.rate)
    client = dlq.Client(
        given.target,
        service="outage",
        spool=dlq.SpoolOptions(folder=given.folder),
        on_dropped=lambda *_: None,  # the result says so
    )
    started = time.monotonic()
    count = 0
    while not stopped.wait(max(0.0, started + count * every - time.monotonic())):
        count += 1
        send(client, f"{given.name}-{count}")
    client.close()


main()
