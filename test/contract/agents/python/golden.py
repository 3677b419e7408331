"""Real failures of Python and gRPC: the cases of the golden set that need no other packages."""

import sys
from importlib import import_module
from pathlib import Path

COLLECTOR = Path(__file__).parents[3] / "golden/collect/python"
MODULES = ("language", "values", "urls", "grpcs")
# Left out because they disturb other tests or have varying results: the first uses up all file
# descriptors, the second is sometimes a reset, the third depends on the resolver, the last on timing.
LEFT_OUT = {
    "os: too many files",
    "socket: broken pipe",
    "socket: no such name",
    "ssl: hung up during the handshake",
}


def golden_cases() -> dict:
    """Loads the cases: name -> function that fails."""
    if str(COLLECTOR) not in sys.path:
        sys.path.append(str(COLLECTOR))
    modules = [import_module(f"cases.{name}") for name in MODULES]
    found = {name: act for module in modules for name, (_, _, act) in module.CASES.items()}
    return {name: act for name, act in found.items() if name not in LEFT_OUT}


def failure_of(name: str) -> BaseException:
    """Runs a case and returns its exception. Blocks."""
    cases = golden_cases()
    if name not in cases:
        raise LookupError(f"there is no case named {name}")
    try:
        cases[name]()
    except BaseException as error:  # SystemExit is a failure, too
        return error
    raise LookupError(f"the case {name} did not fail")
