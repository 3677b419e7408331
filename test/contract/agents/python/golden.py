"""Failures that Python and gRPC make for real: those of the golden set that need no other packages."""

import sys
from importlib import import_module
from pathlib import Path

COLLECTOR = Path(__file__).parents[3] / "golden/collect/python"
MODULES = ("language", "values", "urls", "grpcs")
# The first leaves no file to open to others that run beside it, the second is a reset just as often,
# the third asks whatever resolver there is, the last has one of two types by when the peer is heard.
LEFT_OUT = {
    "os: too many files",
    "socket: broken pipe",
    "socket: no such name",
    "ssl: hung up during the handshake",
}


def golden_cases() -> dict:
    """Loaded when they are asked for: name -> what makes it happen."""
    if str(COLLECTOR) not in sys.path:
        sys.path.append(str(COLLECTOR))
    modules = [import_module(f"cases.{name}") for name in MODULES]
    found = {name: act for module in modules for name, (_, _, act) in module.CASES.items()}
    return {name: act for name, act in found.items() if name not in LEFT_OUT}


def failure_of(name: str) -> BaseException:
    """What was raised. Blocks meanwhile."""
    cases = golden_cases()
    if name not in cases:
        raise LookupError(f"there is no case {name}")
    try:
        cases[name]()
    except BaseException as error:  # SystemExit is a failure, too
        return error
    raise LookupError(f"nothing failed: {name}")
