"""A load process in Python for this service: `main.py threads|asyncio HOST:PORT`."""

import sys

from commands import Command, Running, serve_commands
from stubs import Stubs
from with_asyncio import WithAsyncio
from with_threads import WithThreads

CLIENTS: dict[str, type[WithThreads | WithAsyncio]] = {
    "threads": WithThreads,
    "asyncio": WithAsyncio,
}


def main() -> None:
    kind, address = sys.argv[1:]
    client, stubs = CLIENTS[kind](address), Stubs(address)

    def send(command: Command, running: Running) -> dict[str, float]:
        by = client if command.get("api") == "client" else stubs
        return by.send(command, running)

    serve_commands({"send": send, "consume": client.consume, "left": stubs.left})


if __name__ == "__main__":
    main()
