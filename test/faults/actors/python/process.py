"""Common parts of the actors' processes: flags, SIGTERM, and threads that fail loudly."""

import argparse
import os
import signal
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Executor


def flags(description: str) -> argparse.ArgumentParser:
    """Returns a parser with the flags of all actors."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--addresses", required=True, type=comma_list, help="host:port,host:port")
    parser.add_argument("--out", required=True, help="file to append the history to")
    parser.add_argument("--name", required=True, help="unique in a run")
    parser.add_argument(
        "--queues", required=True, type=comma_list, help="queue names, separated by commas"
    )
    parser.add_argument("--seed", type=int, default=1)
    return parser


def comma_list(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


class Stop:
    """`requested` is True after SIGTERM."""

    def __init__(self) -> None:
        # No lock: the signal handler could interrupt a thread that holds it.
        self.requested = False
        signal.signal(signal.SIGTERM, self._request)

    def _request(self, _number: int, _frame: object) -> None:
        self.requested = True


def run_in(pool: Executor, work: Callable[[], None]) -> None:
    pool.submit(guarded, work)


def start_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=guarded, args=[work], daemon=True)
    thread.start()
    return thread


def guarded(work: Callable[[], None]) -> None:
    """Prints any exception of the work and ends the process with 70."""
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(70)  # sys.exit would end the thread only
