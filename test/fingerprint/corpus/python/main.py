"""Provokes each failure, and prints what the client makes of it. The order of the draws' values is that of draws.json."""

import json
import os
from pathlib import Path

from billing import charge, orders, shipping, store
from dlq._core.failure import failure_of
from google.protobuf.json_format import MessageToDict

DRAW = json.loads(Path("draws.json").read_text())[os.environ["DRAW"]]


def handle(case):
    case(DRAW)


for module in (charge, orders, store, shipping):
    for name, case in module.CASES.items():
        try:
            handle(case)
        except Exception as error:
            failure = MessageToDict(failure_of(error))
            print(json.dumps({"case": f"{module.__name__.split('.')[1]}/{name}", "failure": failure}))
        else:
            raise SystemExit(f"{name}: nothing failed")
