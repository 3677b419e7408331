"""What both actors share as processes: flags, an orderly end, and no thread that fails unseen."""

import argparse
import os
import signal
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Executor


def flags(description: str) -> argparse.ArgumentParser:
    """The flags of every actor."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--addresses", required=True, type=words, help="host:port,host:port")
    parser.add_argument("--out", required=True, help="file of its history, appended to")
    parser.add_argument("--name", required=True, help="unique in a run")
    parser.add_argument("--queues", required=True, type=words, help="names, by commas")
    parser.add_argument("--seed", type=int, default=1)
    return parser


def words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


class Stop:
    """Whether SIGTERM has come."""

    def __init__(self) -> None:
        # A flag alone: a handler that took a lock could meet the thread that it interrupts in it.
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
    """Ends the process loudly if work raises what it was not written for."""
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(70)  # a thread can't end its process in any other way
