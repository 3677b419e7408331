"""Packages with parsers and validators."""

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


KEY = "k" * 32
CASES = {
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
