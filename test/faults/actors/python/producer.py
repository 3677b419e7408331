"""A producer of the fault suite, as somebody would write it by plain grpcio stubs.

Sends N messages at a steady rate, whatever becomes of earlier ones, by SendToDlq and SendToDlqBatch
in turn; repeats what was not answered under the same request_id, and writes all that down.
"""

import json
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from dlq.v1 import dlq_service_pb2 as dlq

from history import History
from letters import Letter, Letters
from process import Stop, flags, run_in
from sends import write_sending, write_sent, write_unsent
from servers import DEADLINE_S, CallFailed, Servers, part_failed

MOST_CALLS = 32
MOST_IN_BATCH = 50
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5
GIVE_UP_AFTER_S = 60.0
# How often a wait looks for SIGTERM.
LOOK_S = 0.05


class Sender:
    """Sends letters until each is answered, refused for good, or given up."""

    def __init__(self, servers: Servers, history: History):
        self._servers, self._history = servers, history

    def send(self, letters: list[Letter], in_batch: bool) -> None:
        give_up_at = time.monotonic() + GIVE_UP_AFTER_S
        pause = FIRST_PAUSE_S
        while True:
            letters = self._try(letters, in_batch)
            if not letters or time.monotonic() + pause > give_up_at:
                return
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def _try(self, letters: list[Letter], in_batch: bool) -> list[Letter]:
        """Gives those that are worth another try."""
        for letter in letters:
            write_sending(self._history, letter)
        results: Sequence[dlq.SendToDlqBatchResult]
        try:
            with self._servers.calling() as channel:
                if in_batch:
                    batch = dlq.SendToDlqBatchRequest(requests=letters)
                    results = channel.stub.SendToDlqBatch(batch, timeout=DEADLINE_S).results
                else:
                    response = channel.stub.SendToDlq(letters[0], timeout=DEADLINE_S)
                    results = [dlq.SendToDlqBatchResult(response=response)]
        except CallFailed as failure:
            return [letter for letter in letters if self._unsent(letter, failure)]
        if len(results) != len(letters):
            raise RuntimeError(f"{len(results)} results for {len(letters)} requests")
        return [
            letter for letter, result in zip(letters, results) if not self._settled(letter, result)
        ]

    def _settled(self, letter: Letter, result: dlq.SendToDlqBatchResult) -> bool:
        if result.HasField("error"):
            return not self._unsent(letter, part_failed(result.error.code))
        write_sent(self._history, letter.request_id, result.response)
        return True

    def _unsent(self, letter: Letter, failure: CallFailed) -> bool:
        """Whether another try is worth it."""
        write_unsent(self._history, letter.request_id, failure)
        return failure.worth_retrying


def produce(sender: Sender, letters: Letters, count: int, rate: float, stop: Stop) -> None:
    """Open loop: the n-th message goes out at n / rate, or as soon as a call is free after that."""
    free = threading.Semaphore(MOST_CALLS)
    # A batch waits for its last message: at a low rate, not for longer than a quarter second.
    most = min(MOST_IN_BATCH, int(rate / 4))
    began = time.monotonic()

    def send(batch: list[Letter], in_batch: bool) -> None:
        try:
            sender.send(batch, in_batch)
        finally:
            free.release()

    with ThreadPoolExecutor(MOST_CALLS) as pool:  # waits in the end for what is out
        in_batch = False
        while letters.made < count:
            size = min(letters.batch_size(most) if in_batch else 1, count - letters.made)
            due_at = began + (letters.made + size - 1) / rate
            while not stop.requested and (wait := due_at - time.monotonic()) > 0:
                time.sleep(min(wait, LOOK_S))
            while not stop.requested and not free.acquire(timeout=LOOK_S):
                pass
            if stop.requested:
                return
            batch = [letters.next() for _ in range(size)]
            run_in(pool, partial(send, batch, in_batch))
            in_batch = not in_batch


def main() -> int:
    parser = flags("Sends messages to a DLQ deployment, and writes a history.")
    parser.add_argument("--messages", required=True, type=int)
    parser.add_argument("--rate", required=True, type=float, help="messages a second")
    parser.add_argument("--plans", required=True, type=json.loads, help="JSON: plan to weight")
    options = parser.parse_args()
    stop = Stop()
    history = History(options.out, options.name, "producer")
    letters = Letters(options.name, options.queues, options.plans, options.seed)
    sender = Sender(Servers(options.addresses, first=options.seed), history)
    produce(sender, letters, options.messages, options.rate, stop)
    history.write("ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
