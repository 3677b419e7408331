"""Checks a running server through plain grpcio stubs.

    python roundtrip.py ADDRESS [--only TEXT]    run the checks whose name contains TEXT
    python roundtrip.py --list                   print the names of the checks

Prints one JSON line for each check, {"name", "ok", "detail"}, and exits 1 if any failed.
"""

import argparse
import json
import sys
import traceback

import call_checks  # noqa: F401  (importing them registers the checks)
import operator_checks  # noqa: F401
import send_checks  # noqa: F401
import work_checks  # noqa: F401
from checks import CHECKS, Client


def run(name: str, client: Client) -> dict[str, object]:
    try:
        CHECKS[name](client)
        return {"name": name, "ok": True, "detail": ""}
    except AssertionError as error:
        return {"name": name, "ok": False, "detail": str(error)}
    except Exception:  # a bug of the check, or an error of gRPC
        return {"name": name, "ok": False, "detail": traceback.format_exc(limit=-3)}


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks a running DLQ server.")
    parser.add_argument("address", nargs="?", help="host:port of its gRPC listener")
    parser.add_argument("--list", action="store_true", help="print the names of the checks")
    parser.add_argument("--only", default="", metavar="TEXT", help="checks with TEXT in the name")
    options = parser.parse_args()
    if options.list:
        print(json.dumps(list(CHECKS)))
        return 0
    if options.address is None:
        parser.error("give the address of a running server, such as 127.0.0.1:50051")
    client = Client(options.address)
    failures = 0
    for name in CHECKS:
        if options.only in name:
            result = run(name, client)
            failures += not result["ok"]
            print(json.dumps(result), flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
