"""The load with the client for threads, as users write it."""

import threading
from concurrent.futures import Future
from functools import partial

from dlq import Client, Delivery, SendResult

from commands import (
    Command,
    Running,
    callers_of,
    concurrency_of,
    numbers_of,
    payload_text,
    queue_names,
)
from tally import now_ms

ERROR = RuntimeError("shop.example did not answer within 5 s")


class WithThreads:
    def __init__(self, address: str):
        self._client = Client(address, spool=False)

    def send(self, command: Command, running: Running) -> dict[str, float]:
        """Sends from one thread with `send_soon`, with as many pending sends as there would be callers."""
        names, text = queue_names(command), payload_text(command["bytes"])
        free = threading.Semaphore(callers_of(command))
        dropped: list[str] = []

        def on_result(began_ms: float, future: Future[SendResult]) -> None:
            result = future.result()
            if result.status == "dropped":
                dropped.append(str(result.error))
            else:
                running.tally.took(now_ms() - began_ms)
                running.tally.add(1)
            free.release()

        for number in numbers_of(command):
            free.acquire()
            queue = names[number % len(names)]
            on_done = partial(on_result, now_ms())
            self._client.send_soon(queue, text, ERROR, delay=0).add_done_callback(on_done)
        for _ in range(callers_of(command)):
            free.acquire()
        if dropped:
            raise RuntimeError(f"{len(dropped)} messages were dropped: {dropped[0]}")
        return running.tally.result()

    def consume(self, command: Command, running: Running) -> dict[str, float]:
        worker = self._client.worker(
            queue_names(command),
            concurrency=concurrency_of(command),
            on_settled=lambda _delivery, _settled: running.tally.add(1),
        )
        with worker.start(succeed):
            running.stop.wait()
        return running.tally.result()


def succeed(_: Delivery) -> None:
    """Does nothing: the benchmark measures everything around the handler."""
