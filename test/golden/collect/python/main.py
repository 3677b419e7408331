"""Runs the cases and prints each failure as a Python program would usually report it."""

import json
import logging
import os
import signal
import sys
import warnings
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from cases import (
    databases,
    grpcs,
    http,
    language,
    messaging,
    parsers,
    redis_clients,
    services,
    urls,
    values,
)

LIMIT_S = 10
CODES = ("grpc_code", "http_status")
ATTRIBUTES = ("code", "sqlstate")
GOLDEN = (
    *(language, values, urls, grpcs),
    *(http, parsers, redis_clients, databases, services, messaging),
)

SET = os.environ["GOLDEN_SET"]
IS_BLIND = SET != "golden"
# Loaded only when asked for, because the libraries take seconds to load.
SENT = {
    "blind": ("blind", "blind_2", "blind_3"),
    "blind-3": ("blind_3",),
    "held-out": ("held_out",),
}
MODULES = [import_module(f"cases.{name}") for name in SENT[SET]] if IS_BLIND else GOLDEN
sys.path.append(str(Path(__file__).resolve().parents[4] / "clients/python/src"))
client = import_module("dlq._core.failure") if IS_BLIND else None

logging.disable()
warnings.simplefilter("ignore")


class TooLong(BaseException):
    """A case neither failed nor ended in time."""


def give_up(*_):
    raise TooLong


def type_of(error):
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def codes_of(error):
    """Returns the gRPC code and the HTTP status that the library exposes."""
    code = getattr(error, "code", None)
    if callable(code):
        return {"grpc_code": code().value[0]}
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # botocore
        return {"http_status": response["ResponseMetadata"]["HTTPStatusCode"]}
    own = (getattr(error, name, None) for name in ("status", "status_code"))
    found = (*own, code, getattr(response, "status_code", None))
    status = next((one for one in found if isinstance(one, int) and 100 <= one <= 599), None)
    return {} if status is None else {"http_status": status}


def failure_of(act):
    signal.alarm(LIMIT_S)
    try:
        act()
    except TooLong:
        return None
    except BaseException as error:  # SystemExit and KeyboardInterrupt are failures, too
        return error
    finally:
        signal.alarm(0)
    return None


signal.signal(signal.SIGALRM, give_up)
for module in MODULES:
    for name, (library, reason, act) in module.CASES.items():
        if os.environ.get("GOLDEN_ONLY", "") not in name:
            continue
        error = failure_of(act)
        if error is None:
            print(f"{name}: nothing failed", file=sys.stderr)
            continue
        versioned = library if library == "python" else f"{library} {version(library)}"
        entry = {"name": name, "library": versioned}
        if client is None:
            entry |= {"type": type_of(error), "message": str(error), **codes_of(error)}
        else:
            sent = client.failure_of(error)
            entry |= {"type": sent.type, "message": sent.message}
            entry |= {code: getattr(sent, code) for code in CODES if sent.HasField(code)}
            entry |= {name: text for name, text in sent.attributes.items() if name in ATTRIBUTES}
        print(json.dumps({**entry, "reason": reason}), flush=True)
os._exit(0)
