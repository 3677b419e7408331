"""Sends at a steady rate until SIGTERM, and writes down each send before it and after it."""

import signal
import threading
import time
from concurrent.futures import Future

from arguments import given, note

import dlq

stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopped.set())


class NoAnswer(Exception):
    pass


def send(client: dlq.Client, name: str) -> None:
    began = time.monotonic()

    def tell(future: "Future[dlq.SendResult]") -> None:
        result = future.result()
        fields: dict[str, object] = {"status": result.status}
        if result.status == "spooled":
            fields["durable"] = result.durable
        if result.status == "dropped":
            fields["error"] = f"{result.error.kind}: {result.error}"
        note("told", name, tookMs=(time.monotonic() - began) * 1000, **fields)

    note("sending", name)
    error = NoAnswer("shop.example did not answer")
    client.send_soon(given.queue, name, error, delay=0.05).add_done_callback(tell)


def main() -> None:
    every = 1 / float(given.rate)
    client = dlq.Client(
        given.target,
        service="outage",
        spool=dlq.SpoolOptions(folder=given.folder),
        on_dropped=lambda *_: None,  # its result says so
    )
    started = time.monotonic()
    count = 0
    while not stopped.wait(max(0.0, started + count * every - time.monotonic())):
        count += 1
        send(client, f"{given.name}-{count}")
    client.close()


main()
