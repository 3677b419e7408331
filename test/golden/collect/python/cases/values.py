"""Values that the standard library cannot parse."""

import decimal
import json
import uuid
from datetime import datetime
from xml.etree import ElementTree

PYTHON = "python"
CASES = {
    "json: empty": (PYTHON, "VALIDATION_FAILED", lambda: json.loads("")),
    "json: cut off": (PYTHON, "VALIDATION_FAILED", lambda: json.loads('{"id": 5,')),
    "json: a set": (PYTHON, "EXECUTION_FAILED", lambda: json.dumps({1, 2})),
    "int: not a number": (PYTHON, "VALIDATION_FAILED", lambda: int("five")),
    "float: not a number": (PYTHON, "VALIDATION_FAILED", lambda: float("five")),
    "decimal: not a number": (PYTHON, "VALIDATION_FAILED", lambda: decimal.Decimal("five")),
    "datetime: not a date": (PYTHON, "VALIDATION_FAILED", lambda: datetime.fromisoformat("soon")),
    "uuid: not a UUID": (PYTHON, "VALIDATION_FAILED", lambda: uuid.UUID("17")),
    "bytes: not UTF-8": (PYTHON, "VALIDATION_FAILED", lambda: b"\xff".decode()),
    "str: not ASCII": (PYTHON, "VALIDATION_FAILED", lambda: "ü".encode("ascii")),
    "xml: cut off": (PYTHON, "VALIDATION_FAILED", lambda: ElementTree.fromstring("<order>")),
}
