"""The agent of the Python clients: reads commands as JSON lines from stdin, and writes results to stdout.

`main.py threads` uses `dlq.Client`, `main.py asyncio` uses `dlq.aio.Client`. With `slow-worker TARGET QUEUE` after it,
it is only a worker.
"""

import asyncio
import json
import logging
import os
import sys
import threading

import slow_worker
from async_session import AsyncSession
from thread_session import ThreadSession

import dlq

logging.basicConfig(level=logging.ERROR, stream=sys.stderr)


async def main(kind: str) -> None:
    loop = asyncio.get_running_loop()
    write_lock = threading.Lock()

    def emit(message: dict) -> None:
        """Writes one line. May be called from any thread."""
        with write_lock:
            print(json.dumps(message), flush=True)

    session = (ThreadSession if kind == "threads" else AsyncSession)(emit)

    async def answer(line: str) -> None:
        command = json.loads(line)
        number, op = command.pop("id"), command.pop("op")
        try:
            result = await session.ops[op](**command)
            emit({"id": number, "result": {} if result is None else result})
        except dlq.DlqClientError as error:
            emit({"id": number, "error": f"{error.kind}: {error}"})
        except Exception as error:
            logging.exception("%s failed", op)
            emit({"id": number, "error": f"{type(error).__name__}: {error}"})

    def read() -> None:
        for line in sys.stdin:
            asyncio.run_coroutine_threadsafe(answer(line), loop)
        os._exit(0)  # stdin has ended

    threading.Thread(target=read, daemon=True).start()
    await asyncio.Event().wait()


kind, *words = sys.argv[1:]
if words[:1] == ["slow-worker"]:
    (slow_worker.run if kind == "threads" else slow_worker.run_asyncio)(*words[1:])
else:
    asyncio.run(main(kind))
