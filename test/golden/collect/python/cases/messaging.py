"""Brokers, caches, sockets, search, mail."""

import asyncio
import ftplib
import imaplib
import smtplib

import aiokafka
import elasticsearch
import pika
import websockets
from ports import HOST, port, url
from pymemcache.client.base import Client as Memcache


def by_pika(peer):
    options = {"connection_attempts": 1, "socket_timeout": 0.3, "blocked_connection_timeout": 0.3}
    where = pika.ConnectionParameters(HOST, port(peer), stack_timeout=0.5, **options)
    pika.BlockingConnection(where)


def by_websocket(where):
    async def act():
        async with websockets.connect(where, open_timeout=0.3):
            pass

    asyncio.run(act())


def by_elastic(where):
    node = elasticsearch.Elasticsearch(where, request_timeout=0.3, max_retries=0)
    node.search(index="shop")


def by_memcache(peer):
    Memcache((HOST, port(peer)), connect_timeout=0.2, timeout=0.2).get("a")


def by_aiokafka(peer):
    async def act():
        producer = aiokafka.AIOKafkaProducer(
            bootstrap_servers=f"{HOST}:{port(peer)}", request_timeout_ms=300
        )
        await producer.start()

    asyncio.run(act())


def ws(path):
    return url("http", path).replace("http", "ws", 1)


CASES = {
    "pika: refused": ("pika", "NETWORK_ERROR", lambda: by_pika("closed")),
    "pika: hung up": ("pika", "NETWORK_ERROR", lambda: by_pika("hangsUp")),
    "pika: no answer": ("pika", "TIMEOUT", lambda: by_pika("silent")),
    "websockets: refused": (
        "websockets",
        "NETWORK_ERROR",
        lambda: by_websocket(f"ws://{HOST}:{port('closed')}"),
    ),
    "websockets: 401": ("websockets", "AUTHENTICATION_ERROR", lambda: by_websocket(ws("/status/401"))),
    "websockets: 503": ("websockets", "WEBHOOK_FAILED", lambda: by_websocket(ws("/status/503"))),
    "websockets: no handshake": ("websockets", "TIMEOUT", lambda: by_websocket(ws("/hang"))),
    "websockets: not a URL": ("websockets", "VALIDATION_FAILED", lambda: by_websocket("shop")),
    "elasticsearch: refused": ("elasticsearch", "NETWORK_ERROR", lambda: by_elastic(url("closed"))),
    "elasticsearch: no answer": (
        "elasticsearch",
        "TIMEOUT",
        lambda: by_elastic(url("http", "/hang")),
    ),
    "elasticsearch: 429": (
        "elasticsearch",
        "RESOURCE_EXHAUSTED",
        lambda: by_elastic(url("http", "/status/429")),
    ),
    "elasticsearch: 401": (
        "elasticsearch",
        "AUTHENTICATION_ERROR",
        lambda: by_elastic(url("http", "/status/401")),
    ),
    "pymemcache: refused": ("pymemcache", "NETWORK_ERROR", lambda: by_memcache("closed")),
    "pymemcache: hung up": ("pymemcache", "NETWORK_ERROR", lambda: by_memcache("hangsUp")),
    "pymemcache: no answer": ("pymemcache", "TIMEOUT", lambda: by_memcache("silent")),
    "aiokafka: refused": ("aiokafka", "NETWORK_ERROR", lambda: by_aiokafka("closed")),
    "smtplib: refused": ("python", "NETWORK_ERROR", lambda: smtplib.SMTP(HOST, port("closed"))),
    "smtplib: another protocol": (
        "python",
        "NETWORK_ERROR",
        lambda: smtplib.SMTP(HOST, port("foreign"), timeout=1),
    ),
    "smtplib: no greeting": (
        "python",
        "TIMEOUT",
        lambda: smtplib.SMTP(HOST, port("silent"), timeout=0.05),
    ),
    "imaplib: another protocol": (
        "python",
        "NETWORK_ERROR",
        lambda: imaplib.IMAP4(HOST, port("foreign"), timeout=1),
    ),
    "ftplib: another protocol": (
        "python",
        "NETWORK_ERROR",
        lambda: ftplib.FTP().connect(HOST, port("foreign"), timeout=1),
    ),
}
