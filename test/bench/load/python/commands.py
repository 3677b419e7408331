"""The loop of a load process in Python: reads the commands of ../commands.ts, runs them one at a time,
and ends with the benchmark."""

import itertools
import json
import random
import string
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tally import Tally

# Interval of progress reports.
PROGRESS_EVERY_S = 0.01


@dataclass
class Running:
    """Control of a running command."""

    # Set by the command `stop`.
    stop: threading.Event = field(default_factory=threading.Event)
    tally: Tally = field(default_factory=Tally)


Command = dict[str, Any]
Handler = Callable[[Command, Running], dict[str, float]]


def serve_commands(handlers: dict[str, Handler]) -> None:
    running = Running()
    for line in sys.stdin:
        command: Command = json.loads(line)
        if command["op"] == "stop":
            running.stop.set()
            continue
        running = Running()
        threading.Thread(target=run, args=(handlers, command, running), daemon=True).start()


def run(handlers: dict[str, Handler], command: Command, running: Running) -> None:
    done = threading.Event()
    reporter = threading.Thread(target=report_progress, args=(running, done), daemon=True)
    reporter.start()
    try:
        result: object = {"result": handlers[command["op"]](command, running)}
    except BaseException:
        result = {"error": traceback.format_exc()}
    done.set()
    reporter.join()  # no progress after the result
    write_answer(result)


def report_progress(running: Running, done: threading.Event) -> None:
    reported = 0
    while not done.wait(PROGRESS_EVERY_S):
        count = running.tally.count
        if count != reported:
            reported = count
            write_answer({"progress": count})


def write_answer(answer: object) -> None:
    sys.stdout.write(f"{json.dumps(answer)}\n")
    sys.stdout.flush()


def queue_names(command: Command) -> list[str]:
    queue = command["queue"]
    return [queue, *(f"{queue}-{index}" for index in range(1, command.get("queues", 1)))]


def callers_of(command: Command) -> int:
    """Returns the number of callers: as many as messages in all batches."""
    callers: int = command["inFlight"] * command["batch"]
    return callers


def numbers_of(command: Command) -> Iterator[int]:
    """Yields the numbers of messages until the count or the time is reached."""
    count = command.get("count")
    end_at = time.monotonic() + command.get("seconds", float("inf"))
    for number in itertools.count():
        if (count is not None and number >= count) or time.monotonic() >= end_at:
            return
        yield number


def concurrency_of(command: Command) -> int:
    """Returns half of the messages in flight: in a client, the same number waits for a handler."""
    held: int = command["inFlight"]
    return -(-held // 2)


def payload_text(size: int) -> str:
    """Returns random text, which does not compress well."""
    return "".join(random.choices(string.ascii_lowercase + string.digits, k=size))
