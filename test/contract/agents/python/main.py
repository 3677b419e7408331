"""The agent of the Python clients: does what lines of JSON on its input say, and answers in such.

`main.py threads` plays with `dlq.Client`, `main.py asyncio` with `dlq.aio.Client`.
"""

import asyncio
import json
import logging
import os
import sys
import threading

from async_session import AsyncSession
from thread_session import ThreadSession

import dlq

logging.basicConfig(level=logging.ERROR, stream=sys.stderr)


async def main(kind: str) -> None:
    loop = asyncio.get_running_loop()
    write_lock = threading.Lock()

    def tell(message: dict) -> None:
        """From any thread."""
        with write_lock:
            print(json.dumps(message), flush=True)

    session = (ThreadSession if kind == "threads" else AsyncSession)(tell)

    async def answer(line: str) -> None:
        command = json.loads(line)
        number, op = command.pop("id"), command.pop("op")
        try:
            result = await session.ops[op](**command)
            tell({"id": number, "result": {} if result is None else result})
        except dlq.DlqClientError as error:
            tell({"id": number, "error": f"{error.kind}: {error}"})
        except Exception as error:
            logging.exception("%s failed", op)
            tell({"id": number, "error": f"{type(error).__name__}: {error}"})

    def read() -> None:
        for line in sys.stdin:
            asyncio.run_coroutine_threadsafe(answer(line), loop)
        os._exit(0)  # whatever still runs: its input has ended

    threading.Thread(target=read, daemon=True).start()
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1]))
