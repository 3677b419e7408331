"""A producer of the fault suite with plain grpcio stubs.

Sends N messages at a steady rate, alternately with SendToDlq and SendToDlqBatch. Repeats unanswered calls
under the same request_id, and writes a history.
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
from messages import Messages, Request
from process import Stop, flags, run_in
from send_events import write_sending, write_sent, write_unsent
from servers import DEADLINE_S, CallFailed, Servers, result_failed

MAX_CALLS = 32
MAX_BATCH_SIZE = 50
FIRST_PAUSE_S, MAX_PAUSE_S = 0.05, 0.5
GIVE_UP_AFTER_S = 60.0
# How often a wait checks for SIGTERM.
POLL_S = 0.05


class Sender:
    """Sends messages until each is answered, finally refused, or given up."""

    def __init__(self, servers: Servers, history: History):
        self._servers, self._history = servers, history

    def send(self, requests: list[Request], in_batch: bool) -> None:
        give_up_at = time.monotonic() + GIVE_UP_AFTER_S
        pause = FIRST_PAUSE_S
        while True:
            requests = self._try(requests, in_batch)
            if not requests or time.monotonic() + pause > give_up_at:
                return
            time.sleep(pause)
            pause = min(pause * 2, MAX_PAUSE_S)

    def _try(self, requests: list[Request], in_batch: bool) -> list[Request]:
        """Returns the requests that should be tried again."""
        for request in requests:
            write_sending(self._history, request)
        results: Sequence[dlq.SendToDlqBatchResult]
        try:
            with self._servers.calling() as channel:
                if in_batch:
                    batch = dlq.SendToDlqBatchRequest(requests=requests)
                    results = channel.stub.SendToDlqBatch(batch, timeout=DEADLINE_S).results
                else:
                    response = channel.stub.SendToDlq(requests[0], timeout=DEADLINE_S)
                    results = [dlq.SendToDlqBatchResult(response=response)]
        except CallFailed as failure:
            return [request for request in requests if self._unsent(request, failure)]
        if len(results) != len(requests):
            raise RuntimeError(f"{len(results)} results for {len(requests)} requests")
        return [
            request
            for request, result in zip(requests, results)
            if not self._settled(request, result)
        ]

    def _settled(self, request: Request, result: dlq.SendToDlqBatchResult) -> bool:
        if result.HasField("error"):
            return not self._unsent(request, result_failed(result.error.code))
        write_sent(self._history, request.request_id, result.response)
        return True

    def _unsent(self, request: Request, failure: CallFailed) -> bool:
        """Returns whether to try again."""
        write_unsent(self._history, request.request_id, failure)
        return failure.worth_retrying


def produce(sender: Sender, messages: Messages, count: int, rate: float, stop: Stop) -> None:
    """Open loop: message n is sent at n / rate, or later if all calls are in use."""
    free_calls = threading.Semaphore(MAX_CALLS)
    # A batch waits for its last message, at most a quarter of a second.
    max_size = min(MAX_BATCH_SIZE, int(rate / 4))
    began = time.monotonic()

    def send(batch: list[Request], in_batch: bool) -> None:
        try:
            sender.send(batch, in_batch)
        finally:
            free_calls.release()

    with ThreadPoolExecutor(MAX_CALLS) as pool:  # its end waits for open calls
        in_batch = False
        while messages.made < count:
            size = min(messages.batch_size(max_size) if in_batch else 1, count - messages.made)
            due_at = began + (messages.made + size - 1) / rate
            while not stop.requested and (wait := due_at - time.monotonic()) > 0:
                time.sleep(min(wait, POLL_S))
            while not stop.requested and not free_calls.acquire(timeout=POLL_S):
                pass
            if stop.requested:
                return
            batch = [messages.next() for _ in range(size)]
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
    messages = Messages(options.name, options.queues, options.plans, options.seed)
    sender = Sender(Servers(options.addresses, first=options.seed), history)
    produce(sender, messages, options.messages, options.rate, stop)
    history.write("ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
