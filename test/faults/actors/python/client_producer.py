"""A producer that uses the Python client with its spool, at a steady rate during all faults.

All messages that the service has not finally refused must be stored in the end. This program fails if a
send is dropped, stays in the spool, or gets no answer.
"""

import json
import sys
import time
from concurrent.futures import Future
from pathlib import Path

from dlq import Client, DlqClientError, SendOptions, SendResult, SpoolOptions

from history import History
from messages import Messages, Request
from process import Stop, flags
from recording import record_channels

# Maximum of pending sends: a slow machine answers so many before their deadline. Further sends come later.
MAX_PENDING = 500
# So that it empties in time, however slow the machine is. Further sends come later.
MAX_SPOOLED = 20_000
POLL_S = 0.01
# How long the spool may take to become empty after the last fault.
EMPTY_WITHIN_S = 180.0


class Tally:
    """Counts the results of sends. Threads of the client call it; each list or set operation is atomic."""

    def __init__(self) -> None:
        self.settled: list[str] = []
        self.unanswered: set[str] = set()
        self.refused: list[str] = []
        self.dropped: list[str] = []

    def on_sent(self, request: str) -> None:
        self.unanswered.discard(request)

    def on_result(self, future: Future[SendResult]) -> None:
        self.settled.append(future.result().status)

    def on_dropped(self, error: DlqClientError, _queue: str) -> None:
        dropped = self.refused if error.kind == "refused" else self.dropped
        dropped.append(f"{error.kind}: {error}")

    def check(self) -> None:
        """@raises RuntimeError"""
        if self.dropped:
            raise RuntimeError(f"{len(self.dropped)} sends were dropped, {self.dropped[0]}")
        # The history has the tries of refused sends.
        if len(self.unanswered) > len(self.refused):
            raise RuntimeError(f"{len(self.unanswered)} sends have no answer")


def options_of(request: Request) -> SendOptions:
    options = SendOptions(
        request_id=request.request_id,
        source_id=request.source_id,
        attributes=dict(request.attributes),
        priority=request.priority,
        retry_policy={"initial_delay": 0.1, "max_delay": 0.5},
    )
    if request.ordering_key:
        options["ordering_key"] = request.ordering_key
    if request.HasField("max_retries"):
        options["max_retries"] = request.max_retries
    if request.HasField("delay"):
        options["delay"] = request.delay.seconds
    return options


def produce(
    client: Client, tally: Tally, messages: Messages, stop: Stop, *, count: int, rate: float
) -> None:
    due_at = time.monotonic()
    while messages.made < count and not stop.requested:
        now = time.monotonic()
        spool = client.status().spool
        if spool is not None and spool.messages >= MAX_SPOOLED:
            due_at = now + POLL_S
        while due_at <= now and messages.made < count:
            if messages.made - len(tally.settled) >= MAX_PENDING:
                due_at = now
                break
            request = messages.next()
            tally.unanswered.add(request.request_id)
            error = RuntimeError("it broke")
            send = client.send_soon(
                request.queue, request.payload.text, error, **options_of(request)
            )
            send.add_done_callback(tally.on_result)
            due_at += 1 / rate
        time.sleep(POLL_S)


def wait_until_empty(spool: Path) -> None:
    """@raises TimeoutError if messages stay in the spool"""
    give_up_at = time.monotonic() + EMPTY_WITHIN_S
    while files := [*spool.rglob("*.spool")]:
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"messages are left in {files[0]}")
        time.sleep(POLL_S)


def main() -> int:
    parser = flags("Sends messages to a DLQ deployment with the client, and writes a history.")
    parser.add_argument("--messages", required=True, type=int)
    parser.add_argument("--rate", required=True, type=float, help="messages a second")
    parser.add_argument("--plans", required=True, type=json.loads, help="JSON: plan to weight")
    options = parser.parse_args()
    [address] = options.addresses
    spool = Path(options.out).with_suffix(".spool-folder")
    stop = Stop()
    history = History(options.out, options.name, "producer")
    tally = Tally()
    recording = record_channels(history, tally.on_sent)
    messages = Messages(options.name, options.queues, options.plans, options.seed)
    with Client(address, spool=SpoolOptions(folder=spool), on_dropped=tally.on_dropped) as client:
        produce(client, tally, messages, stop, count=options.messages, rate=options.rate)
        client.flush()
        wait_until_empty(spool)
    recording.wait_until_ended()
    history.write("ended")
    tally.check()
    return 0


if __name__ == "__main__":
    sys.exit(main())
