import asyncio
import configparser
import enum
import ipaddress
import subprocess
import tomllib
import uuid
import xml.etree.ElementTree as xml
import zoneinfo
from datetime import datetime
from decimal import Decimal

import aiohttp
import botocore.session

from . import peers


class State(enum.Enum):
    SENT = "sent"


def s3(port):
    session = botocore.session.get_session()
    config = botocore.config.Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    return session.create_client(
        "s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="eu-west-1", config=config,
        aws_access_key_id="a", aws_secret_access_key="b",
    )


def label(draw, port):
    return s3(port).get_object(Bucket="labels", Key=f"{draw['uuid']}/{draw['file']}")


def upload(draw, **options):
    return s3(1).put_object(Bucket="labels", **options)


def track(draw, port):
    async def call():
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            wait = aiohttp.ClientTimeout(total=draw["wait_s"])
            async with session.get(f"http://track.internal:{port}/parcels/{draw['order']}", timeout=wait) as answer:
                return await answer.json()

    return asyncio.run(call())


def weigh(text):
    return Decimal(text)


def price(draw, rates):
    return rates[draw["customer"]] * 2


def name_of(parcel):
    return parcel.recipient.name


def ship(order, *, to):
    return order, to


def stamp(text):
    return datetime.strptime(text, "%Y-%m-%d")


def printer(code):
    subprocess.run(["sh", "-c", f"exit {code}"], check=True)


def setting(section, name):
    config = configparser.ConfigParser()
    config.read_string("[carrier]\nname = x\n")
    return config.get(section, name)


def pack(draw):
    raise LookupError(f"parcel {draw['token']} for {draw['email']} weighs {-draw['amount']} kg, over the limit")


def route(draw):
    raise LookupError(f"no route from {draw['ip']} to warehouse {draw['customer']}")


CASES = {
    "label-404": lambda d: label(d, peers.port("404")),
    "label-503": lambda d: label(d, peers.port("503")),
    "label-refused": lambda d: label(d, peers.port("CLOSED")),
    "upload-no-key": lambda d: upload(d, Body=d["token"]),
    "upload-body-type": lambda d: upload(d, Key=d["file"], Body=d["order"]),
    "track-500": lambda d: track(d, peers.port("500")),
    "track-429": lambda d: track(d, peers.port("429")),
    "track-timeout": lambda d: track(d, peers.port("HANG")),
    "track-refused": lambda d: track(d, peers.port("CLOSED")),
    "weigh": lambda d: weigh(d["word"]),
    "price-missing": lambda d: price(d, {}),
    "price-none": lambda d: price(d, {d["customer"]: None}),
    "name-none": lambda d: name_of(None if d["order"] else d),
    "name-dict": lambda d: name_of({"id": d["order"]}),
    "ship-missing": lambda d: ship(d["order"]),
    "ship-unknown": lambda d: ship(d["order"], to=1, by=d["name"]),
    "state": lambda d: State(d["status"]),
    "stamp": lambda d: stamp(d["bad_date"]),
    "printer-1": lambda d: printer(1),
    "printer-127": lambda d: printer(127),
    "setting-option": lambda d: setting("carrier", "token"),
    "setting-section": lambda d: setting("customs", "token"),
    "zone": lambda d: zoneinfo.ZoneInfo(f"Europe/X{d['hash']}"),
    "address": lambda d: ipaddress.ip_address(d["ip"] + ".1"),
    "uuid": lambda d: uuid.UUID(d["token"]),
    "toml": lambda d: tomllib.loads(f"weight = {d['name']}"),
    "xml": lambda d: xml.fromstring(f"<parcel id='{d['order']}'><to></parcel>"),
    "pack": pack,
    "route": route,
}
