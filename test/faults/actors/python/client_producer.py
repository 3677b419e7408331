"""A producer as users have it: the Python client with its spool, at a steady rate, whatever happens.

What the service has not refused for good it must have taken at last: a send that is dropped, left in
the spool, or forgotten by the client ends this program with an error.
"""

import json
import sys
import time
from concurrent.futures import Future
from pathlib import Path

from dlq import Client, DlqClientError, SendOptions, SendResult, SpoolOptions

from history import History
from letters import Letter, Letters
from process import Stop, flags
from recording import record_channels

# Sends that wait at most: what is more comes later, so that memory is bounded in an outage.
MOST_PENDING = 5_000
LOOK_S = 0.01
# How long the spool may take to be empty, once nothing is broken any more.
EMPTY_WITHIN_S = 40.0


class Tally:
    """What became of the sends. Threads of the client tell it, each by one step of a list or set."""

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
        # Of what was refused the history has each try.
        if len(self.unanswered) > len(self.refused):
            raise RuntimeError(f"{len(self.unanswered)} sends have got no answer")


def options_of(letter: Letter) -> SendOptions:
    options = SendOptions(
        request_id=letter.request_id,
        source_id=letter.source_id,
        attributes=dict(letter.attributes),
        priority=letter.priority,
        retry_policy={"initial_delay": 0.1, "max_delay": 0.5},
    )
    if letter.ordering_key:
        options["ordering_key"] = letter.ordering_key
    if letter.HasField("max_retries"):
        options["max_retries"] = letter.max_retries
    if letter.HasField("delay"):
        options["delay"] = letter.delay.seconds
    return options


def produce(
    client: Client, tally: Tally, letters: Letters, stop: Stop, *, count: int, rate: float
) -> None:
    due_at = time.monotonic()
    while letters.made < count and not stop.requested:
        now = time.monotonic()
        while due_at <= now and letters.made < count:
            if letters.made - len(tally.settled) >= MOST_PENDING:
                due_at = now
                break
            letter = letters.next()
            tally.unanswered.add(letter.request_id)
            error = RuntimeError("it broke")
            send = client.send_soon(letter.queue, letter.payload.text, error, **options_of(letter))
            send.add_done_callback(tally.on_result)
            due_at += 1 / rate
        time.sleep(LOOK_S)


def wait_until_empty(spool: Path) -> None:
    """@raises TimeoutError if what is kept there is not delivered"""
    give_up_at = time.monotonic() + EMPTY_WITHIN_S
    while left := [*spool.rglob("*.spool")]:
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"letters are left in {left[0]}")
        time.sleep(LOOK_S)


def main() -> int:
    parser = flags("Sends messages to a DLQ deployment by the client, and writes a history.")
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
    letters = Letters(options.name, options.queues, options.plans, options.seed)
    kept = SpoolOptions(folder=spool)
    with Client(address, spool=kept, on_dropped=tally.on_dropped) as client:
        produce(client, tally, letters, stop, count=options.messages, rate=options.rate)
        client.flush()
        wait_until_empty(spool)
    recording.wait_until_ended()
    history.write("ended")
    tally.check()
    return 0


if __name__ == "__main__":
    sys.exit(main())
