import base64
import json
from datetime import date
from decimal import Decimal

import jsonschema
from marshmallow import Schema, fields
from pydantic import BaseModel, Field

SCHEMA = {
    "type": "object",
    "required": ["total", "currency"],
    "properties": {
        "total": {"type": "number", "minimum": 0},
        "currency": {"type": "string", "maxLength": 3},
        "items": {"type": "array", "items": {"required": ["sku"]}},
    },
}


class Item(BaseModel):
    sku: str
    count: int = Field(gt=0)


class Order(BaseModel):
    total: float
    currency: str
    items: list[Item] = []


class Customer(Schema):
    email = fields.Email(required=True)
    age = fields.Integer(required=True)


def check(order):
    jsonschema.validate(order, SCHEMA)


def read(order):
    return Order.model_validate(order)


def items(draw, item):
    return [*([{"sku": "a", "count": 1}] * draw["index"]), item]


def address_of(order):
    return order["customer"]["address"]["street"]


def total_of(order):
    return int(order["total"]) / order["count"]


def vat_of(order):
    return int(order["total"]) * Decimal("0.19")


def first_item(order):
    return order["items"][order["index"]]


def due_date(text):
    return date.fromisoformat(text)


def load(text):
    return json.loads(text)


def reserve(draw):
    if draw["order"]:
        raise ValueError(f"order {draw['order']}: item {draw['hash']} is out of stock in warehouse {draw['customer']}")


def approve(draw):
    if draw["order"]:
        raise ValueError(f"order {draw['order']} needs approval by {draw['name']!r} <{draw['email']}>")


def release(draw):
    raise RuntimeError("must not happen" if draw["order"] else "")


def close(draw):
    raise RuntimeError("must not happen" if draw["order"] else "")


CASES = {
    "check-total-type": lambda d: check({"total": d["word"], "currency": "EUR"}),
    "check-total-negative": lambda d: check({"total": d["amount"], "currency": "EUR"}),
    "check-total-missing": lambda d: check({"id": d["order"], "currency": "EUR"}),
    "check-currency-missing": lambda d: check({"id": d["order"], "total": 1}),
    "check-currency-long": lambda d: check({"total": 1, "currency": d["code"]}),
    "check-sku-missing": lambda d: check({"total": 1, "currency": "EUR", "items": items(d, {"id": d["order"]})}),
    "read-total-type": lambda d: read({"total": d["word"], "currency": "EUR"}),
    "read-currency-missing": lambda d: read({"id": d["order"], "total": d["order"]}),
    "read-total-missing": lambda d: read({"id": d["order"], "currency": "EUR"}),
    "read-count-positive": lambda d: read({"total": 1, "currency": "EUR", "items": items(d, {"sku": d["hash"], "count": -d["order"]})}),
    "read-count-type": lambda d: read({"total": 1, "currency": "EUR", "items": items(d, {"sku": d["hash"], "count": d["word"]})}),
    "customer-email": lambda d: Customer().load({"email": d["name"], "age": 4}),
    "customer-age": lambda d: Customer().load({"email": d["email"], "age": d["word"]}),
    "key-customer": lambda d: address_of({"id": d["order"]}),
    "key-address": lambda d: address_of({"customer": {"id": d["customer"]}}),
    "none-customer": lambda d: address_of({"customer": None, "id": d["order"]}),
    "total-no-number": lambda d: total_of({"total": d["word"], "count": 1}),
    "total-by-zero": lambda d: total_of({"total": d["order"], "count": 0}),
    "vat-no-number": lambda d: vat_of({"total": d["word"]}),
    "first-item-index": lambda d: first_item({"items": [], "index": d["index"]}),
    "due-date": lambda d: due_date(d["bad_date"]),
    "load-empty": lambda d: load(""),
    "load-quote": lambda d: load(f'{{"id": {d["order"]}, "name": \'{d["name"]}\'}}'),
    "reserve": reserve,
    "approve": approve,
    "release": release,
    "close": close,
    "decode": lambda d: base64.b64decode(d["token"][: 9 + d["index"] % 2 * 4], validate=True),
    "utf8": lambda d: (b"x" * d["index"] + b"\xff").decode(),
}
