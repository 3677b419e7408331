"""The arguments of both programs, and the file that they record events in."""

import argparse
import json
import os
import time

_parser = argparse.ArgumentParser()
for _name in ("target", "queue", "out", "folder", "name", "rate", "client"):
    _parser.add_argument(f"--{_name}", default="")
given = _parser.parse_args()

_file = os.open(given.out, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def record(event: str, name: str, **fields: object) -> None:
    """Write an event at once: a kill of this process loses none."""
    entry = {"event": event, "name": name, "atMs": time.time() * 1000, **fields}
    os.write(_file, (json.dumps(entry) + "\n").encode())
