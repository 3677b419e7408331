"""What both programs are started with, and where they write down what they do."""

import argparse
import json
import os
import time

_parser = argparse.ArgumentParser()
for _name in ("target", "queue", "history", "folder", "name", "rate", "client"):
    _parser.add_argument(f"--{_name}", default="")
given = _parser.parse_args()

_file = os.open(given.history, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def note(event: str, name: str, **fields: object) -> None:
    """Whatever happens to this process afterwards, it is written."""
    entry = {"event": event, "name": name, "atMs": time.time() * 1000, **fields}
    os.write(_file, (json.dumps(entry) + "\n").encode())
