"""Packages with HTTP clients."""

import asyncio

import aiohttp
import httpx
import requests
from ports import HOST, port, url


def by_requests(peer="http", path="/", timeout=5, **options):
    response = requests.get(url(peer, path), timeout=timeout, **options)
    response.raise_for_status()
    return response.json()


def by_httpx(peer="http", path="/", timeout=5, **options):
    response = httpx.get(url(peer, path), timeout=timeout, **options)
    response.raise_for_status()
    return response.json()


def by_aiohttp(peer="http", path="/", timeout_s=5):
    async def act():
        timeout = aiohttp.ClientTimeout(timeout_s)
        async with aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session:
            async with session.get(url(peer, path)) as response:
                return await response.json()

    asyncio.run(act())


def full_pool():
    async def act():
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(limits=limits, timeout=httpx.Timeout(5, pool=0.05)) as client:
            first = asyncio.create_task(client.get(url("http", "/hang")))
            await asyncio.sleep(0.02)
            try:
                await client.get(url("http", "/hang"))
            finally:
                first.cancel()

    asyncio.run(act())


CASES = {
    "requests: refused": ("requests", "NETWORK_ERROR", lambda: by_requests("closed")),
    "requests: hung up": ("requests", "NETWORK_ERROR", lambda: by_requests(path="/close")),
    "requests: another protocol": ("requests", "NETWORK_ERROR", lambda: by_requests("foreign")),
    "requests: a body that was cut": ("requests", "NETWORK_ERROR", lambda: by_requests(path="/cut")),
    "requests: reading too slow": (
        "requests",
        "TIMEOUT",
        lambda: by_requests(path="/hang", timeout=0.05),
    ),
    "requests: connecting too slow": (
        "requests",
        "TIMEOUT",
        lambda: by_requests("stalled", timeout=0.1),
    ),
    "requests: self-signed": (
        "requests",
        "NETWORK_ERROR",
        lambda: requests.get(f"https://{HOST}:{port('https')}/", timeout=5),
    ),
    "requests: no such name": (
        "requests",
        "NETWORK_ERROR",
        lambda: requests.get("http://shop.invalid/", timeout=5),
    ),
    "requests: redirected in a circle": (
        "requests",
        "WEBHOOK_FAILED",
        lambda: by_requests(path="/loop"),
    ),
    "requests: HTML instead of JSON": (
        "requests",
        "VALIDATION_FAILED",
        lambda: by_requests(path="/html"),
    ),
    "requests: not a URL": ("requests", "VALIDATION_FAILED", lambda: requests.get("shop/orders")),
    "requests: not gzip": ("requests", "UNKNOWN_ERROR", lambda: by_requests(path="/not-gzip")),
    "requests: a proxy that is down": (
        "requests",
        "NETWORK_ERROR",
        lambda: requests.get("http://shop.invalid/", proxies={"http": url("closed")}, timeout=5),
    ),
    "requests: 403": ("requests", "AUTHENTICATION_ERROR", lambda: by_requests(path="/status/403")),
    "requests: 422": ("requests", "VALIDATION_FAILED", lambda: by_requests(path="/status/422")),
    "requests: 429": ("requests", "RESOURCE_EXHAUSTED", lambda: by_requests(path="/status/429")),
    "requests: 502": ("requests", "WEBHOOK_FAILED", lambda: by_requests(path="/status/502")),
    "httpx: refused": ("httpx", "NETWORK_ERROR", lambda: by_httpx("closed")),
    "httpx: hung up": ("httpx", "NETWORK_ERROR", lambda: by_httpx(path="/close")),
    "httpx: reset": ("httpx", "NETWORK_ERROR", lambda: by_httpx(path="/reset")),
    "httpx: another protocol": ("httpx", "NETWORK_ERROR", lambda: by_httpx("foreign")),
    "httpx: a body that was cut": ("httpx", "NETWORK_ERROR", lambda: by_httpx(path="/cut")),
    "httpx: reading too slow": ("httpx", "TIMEOUT", lambda: by_httpx(path="/hang", timeout=0.05)),
    "httpx: connecting too slow": ("httpx", "TIMEOUT", lambda: by_httpx("stalled", timeout=0.1)),
    "httpx: a full pool": ("httpx", "RESOURCE_EXHAUSTED", full_pool),
    "httpx: redirected in a circle": (
        "httpx",
        "WEBHOOK_FAILED",
        lambda: by_httpx(path="/loop", follow_redirects=True),
    ),
    "httpx: not a URL": ("httpx", "VALIDATION_FAILED", lambda: httpx.get("shop/orders")),
    "httpx: HTML instead of JSON": ("httpx", "VALIDATION_FAILED", lambda: by_httpx(path="/html")),
    "httpx: 404": ("httpx", "WEBHOOK_FAILED", lambda: by_httpx(path="/status/404")),
    "httpx: 401": ("httpx", "AUTHENTICATION_ERROR", lambda: by_httpx(path="/status/401")),
    "aiohttp: refused": ("aiohttp", "NETWORK_ERROR", lambda: by_aiohttp("closed")),
    "aiohttp: hung up": ("aiohttp", "NETWORK_ERROR", lambda: by_aiohttp(path="/close")),
    "aiohttp: another protocol": ("aiohttp", "NETWORK_ERROR", lambda: by_aiohttp("foreign")),
    "aiohttp: a body that was cut": ("aiohttp", "NETWORK_ERROR", lambda: by_aiohttp(path="/cut")),
    "aiohttp: too slow": ("aiohttp", "TIMEOUT", lambda: by_aiohttp(path="/hang", timeout_s=0.05)),
    "aiohttp: 503": ("aiohttp", "WEBHOOK_FAILED", lambda: by_aiohttp(path="/status/503")),
}
