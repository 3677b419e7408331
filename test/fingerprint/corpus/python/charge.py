import httpx
import requests

from . import peers


class ChargeFailed(Exception):
    """A charge that the bank refused."""


def charge(draw, port, host="bank.internal"):
    url = f"http://{host}:{port}/v1/charges/{draw['order']}"
    answer = requests.post(url, json={"total": 10}, timeout=draw["wait_s"])
    answer.raise_for_status()
    return answer.json()


def refund(draw, port):
    url = f"http://bank.internal:{port}/v1/charges/{draw['order']}/refunds?trace={draw['uuid']}"
    answer = requests.post(url, timeout=draw["wait_s"])
    answer.raise_for_status()
    return answer.json()["state"]


def notify(draw, port, host="mail.internal"):
    with httpx.Client(timeout=draw["wait_s"]) as client:
        answer = client.put(f"http://{host}:{port}/users/{draw['uuid']}/notices")
        answer.raise_for_status()
        return answer.json()


def settle(draw, port):
    try:
        return charge(draw, port)
    except requests.RequestException as error:
        raise ChargeFailed(f"order {draw['order']} of {draw['email']} is not settled") from error


def book(draw, port):
    try:
        return notify(draw, port, host="ledger.internal")
    except httpx.HTTPError as error:
        raise ChargeFailed(f"order {draw['order']} of {draw['email']} is not settled") from error


CASES = {
    "charge-500": lambda d: charge(d, peers.port("500")),
    "charge-503": lambda d: charge(d, peers.port("503")),
    "charge-401": lambda d: charge(d, peers.port("401")),
    "charge-timeout": lambda d: charge(d, peers.port("HANG")),
    "charge-timeout-ledger": lambda d: charge(d, peers.port("HANG"), host="ledger.internal"),
    "charge-refused": lambda d: charge(d, peers.port("CLOSED")),
    "charge-cut": lambda d: charge(d, peers.port("CUT")),
    "charge-broken-json": lambda d: charge(d, peers.port("BROKEN")),
    "refund-500": lambda d: refund(d, peers.port("500")),
    "refund-timeout": lambda d: refund(d, peers.port("HANG")),
    "notify-500": lambda d: notify(d, peers.port("500")),
    "notify-429": lambda d: notify(d, peers.port("429")),
    "notify-timeout": lambda d: notify(d, peers.port("HANG")),
    "notify-refused": lambda d: notify(d, peers.port("CLOSED")),
    "notify-html": lambda d: notify(d, peers.port("HTML")),
    "settle-timeout": lambda d: settle(d, peers.port("HANG")),
    "book-timeout": lambda d: book(d, peers.port("HANG")),
}
