"""Parsers and validators."""

import decimal
import json
import uuid
from datetime import datetime
from xml.etree import ElementTree

import dateutil.parser
import jsonschema
import jwt
import marshmallow
import msgpack
import pydantic
import yaml


class Order(pydantic.BaseModel):
    id: int
    email: str


class OrderSchema(marshmallow.Schema):
    id = marshmallow.fields.Integer(required=True)


PYTHON = "python"
KEY = "k" * 32
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
    "yaml: cut off": ("PyYAML", "VALIDATION_FAILED", lambda: yaml.safe_load("{id: 5")),
    "pydantic: wrong types": (
        "pydantic",
        "VALIDATION_FAILED",
        lambda: Order.model_validate({"id": "five"}),
    ),
    "pydantic: not JSON": ("pydantic", "VALIDATION_FAILED", lambda: Order.model_validate_json("{")),
    "jsonschema: a missing property": (
        "jsonschema",
        "VALIDATION_FAILED",
        lambda: jsonschema.validate({}, {"type": "object", "required": ["id"]}),
    ),
    "jsonschema: a wrong schema": (
        "jsonschema",
        "EXECUTION_FAILED",
        lambda: jsonschema.validate({}, {"type": "objekt"}),
    ),
    "marshmallow: a missing field": (
        "marshmallow",
        "VALIDATION_FAILED",
        lambda: OrderSchema().load({}),
    ),
    "msgpack: cut off": ("msgpack", "VALIDATION_FAILED", lambda: msgpack.unpackb(b"\x81")),
    "msgpack: more than one": ("msgpack", "VALIDATION_FAILED", lambda: msgpack.unpackb(b"\x01\x01")),
    "dateutil: not a date": (
        "python-dateutil",
        "VALIDATION_FAILED",
        lambda: dateutil.parser.parse("soon"),
    ),
    "jwt: expired": (
        "PyJWT",
        "AUTHENTICATION_ERROR",
        lambda: jwt.decode(jwt.encode({"exp": 1}, KEY), KEY, algorithms=["HS256"]),
    ),
    "jwt: another key": (
        "PyJWT",
        "AUTHENTICATION_ERROR",
        lambda: jwt.decode(jwt.encode({}, KEY), KEY + "x", algorithms=["HS256"]),
    ),
    "jwt: malformed": (
        "PyJWT",
        "AUTHENTICATION_ERROR",
        lambda: jwt.decode("abc", KEY, algorithms=["HS256"]),
    ),
}
