"""More of the blind set, until a newer set was collected the held-out set."""

import asyncio

import aiomysql
import anthropic
import cattrs
import dns.resolver
import httplib2
import itsdangerous
import ldap3
import minio
import msgspec
import opensearchpy
import paramiko
import pymssql
import ruamel.yaml
import schema
import simplejson
import slack_sdk
import urllib3
import valkey
import xmltodict
from attrs import define
from ports import HOST, port, url

from .every import every, limit_of


@define
class Order:
    id: int


class OrderStruct(msgspec.Struct):
    id: int


def by_httplib2(where):
    httplib2.Http(timeout=limit_of(where)).request(where)


def by_slack(peer, path=""):
    slack_sdk.WebClient(token="x", base_url=url(peer, path), timeout=2 if "/hang" in path else 5).auth_test()


def by_anthropic(peer, path):
    where = {"base_url": url(peer, path), "max_retries": 0, "timeout": limit_of(path)}
    anthropic.Anthropic(api_key="x", **where).models.list()


def by_minio(error, peer="aws"):
    http = urllib3.PoolManager(timeout=5, retries=False)
    keys = {"access_key": "id", "secret_key": "secret", "secure": False}
    client = minio.Minio(f"{HOST}:{port(peer)}", http_client=http, region="x", **keys)
    client.get_object("shop", error)


def by_paramiko(peer):
    client = paramiko.SSHClient()
    options = {"timeout": 0.3, "banner_timeout": 0.3, "allow_agent": False, "look_for_keys": False}
    client.connect(HOST, port(peer), "app", "x", **options)


def by_valkey(peer, **options):
    options = {"socket_timeout": 0.3, **options}
    valkey.Valkey(HOST, port(peer), **options).set("a", "1")


def by_ldap(peer):
    server = ldap3.Server(HOST, port(peer), connect_timeout=1, get_info=ldap3.NONE)
    ldap3.Connection(server, "cn=app", "x", auto_bind=True, receive_timeout=1)


def by_dns(peer):
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [HOST], port(peer)
    resolver.resolve("shop.example", lifetime=0.3)


def by_mssql(peer):
    pymssql.connect(HOST, "app", "x", "shop", port=port(peer), login_timeout=1)


def by_aiomysql(peer="mysql", user="app", sql="SELECT 1", **options):
    async def act():
        where = {"host": HOST, "port": port(peer), "user": user, "password": "x"}
        connection = await aiomysql.connect(**where, **options)
        await (await connection.cursor()).execute(sql)

    asyncio.run(act())


def by_opensearch(peer, path=""):
    client = opensearchpy.OpenSearch(url(peer, path), timeout=limit_of(path), max_retries=0)
    client.search(index="shop")


def signed(age):
    signer = itsdangerous.TimestampSigner("secret")
    return signer.unsign(signer.sign("x"), max_age=age)


CASES = {
    "httplib2: refused": ("httplib2", "NETWORK_ERROR", lambda: by_httplib2(url("closed"))),
    "httplib2: no answer": ("httplib2", "TIMEOUT", lambda: by_httplib2(url("http", "/hang"))),
    "httplib2: hung up": ("httplib2", "NETWORK_ERROR", lambda: by_httplib2(url("http", "/close"))),
    "httplib2: redirected in a circle": (
        *("httplib2", "WEBHOOK_FAILED", lambda: by_httplib2(url("http", "/loop"))),
    ),
    "httplib2: no such name": (
        *("httplib2", "NETWORK_ERROR", lambda: by_httplib2("http://shop.invalid/")),
    ),
    "slack: refused": ("slack-sdk", "NETWORK_ERROR", lambda: by_slack("closed")),
    "slack: 429": ("slack-sdk", "RESOURCE_EXHAUSTED", lambda: by_slack("http", "/status/429/")),
    "slack: 503": ("slack-sdk", "WEBHOOK_FAILED", lambda: by_slack("http", "/status/503/")),
    "slack: no answer": ("slack-sdk", "TIMEOUT", lambda: by_slack("http", "/hang/")),
    **every(
        "anthropic",
        "anthropic",
        lambda path: by_anthropic("http", path),
        {
            "/status/401": "AUTHENTICATION_ERROR",
            "/status/400": "VALIDATION_FAILED",
            "/status/529": "RESOURCE_EXHAUSTED",
            "/hang": "TIMEOUT",
        },
    ),
    "anthropic: refused": ("anthropic", "NETWORK_ERROR", lambda: by_anthropic("closed", "")),
    **every(
        "minio",
        "minio",
        by_minio,
        {
            "AccessDenied": "AUTHENTICATION_ERROR",
            "SlowDown": "RESOURCE_EXHAUSTED",
            "SignatureDoesNotMatch": "AUTHENTICATION_ERROR",
            "RequestTimeout": "TIMEOUT",
        },
    ),
    "minio: refused": ("minio", "NETWORK_ERROR", lambda: by_minio("x", "closed")),
    "minio: not a bucket's name": (
        *("minio", "VALIDATION_FAILED", lambda: minio.Minio("x").get_object("?", "x")),
    ),
    "paramiko: refused": ("paramiko", "NETWORK_ERROR", lambda: by_paramiko("closed")),
    "paramiko: no banner": ("paramiko", "TIMEOUT", lambda: by_paramiko("silent")),
    "valkey: refused": ("valkey", "NETWORK_ERROR", lambda: by_valkey("closed")),
    "valkey: a wrong password": (
        *("valkey", "AUTHENTICATION_ERROR", lambda: by_valkey("lockedRedis", password="x")),
    ),
    "valkey: full memory": ("valkey", "RESOURCE_EXHAUSTED", lambda: by_valkey("fullRedis")),
    "valkey: no answer": ("valkey", "TIMEOUT", lambda: by_valkey("silent")),
    "ldap3: refused": ("ldap3", "NETWORK_ERROR", lambda: by_ldap("closed")),
    "ldap3: no answer": ("ldap3", "TIMEOUT", lambda: by_ldap("silent")),
    "dnspython: no answer": ("dnspython", "TIMEOUT", lambda: by_dns("silent")),
    "pymssql: refused": ("pymssql", "NETWORK_ERROR", lambda: by_mssql("closed")),
    "aiomysql: refused": ("aiomysql", "NETWORK_ERROR", lambda: by_aiomysql("closed")),
    "aiomysql: a wrong password": (
        *("aiomysql", "AUTHENTICATION_ERROR", lambda: by_aiomysql(user="fail_1045")),
    ),
    "aiomysql: no greeting": (
        *("aiomysql", "TIMEOUT", lambda: by_aiomysql("silent", connect_timeout=0.3)),
    ),
    "aiomysql: a duplicate": (
        *("aiomysql", "VALIDATION_FAILED", lambda: by_aiomysql(sql="fail_1062")),
    ),
    "aiomysql: a missing table": (
        *("aiomysql", "EXECUTION_FAILED", lambda: by_aiomysql(sql="fail_1146")),
    ),
    "opensearch: refused": ("opensearch-py", "NETWORK_ERROR", lambda: by_opensearch("closed")),
    "opensearch: 429": (
        *("opensearch-py", "RESOURCE_EXHAUSTED", lambda: by_opensearch("http", "/status/429")),
    ),
    "opensearch: no answer": ("opensearch-py", "TIMEOUT", lambda: by_opensearch("http", "/hang")),
    "msgspec: a wrong type": (
        "msgspec",
        "VALIDATION_FAILED",
        lambda: msgspec.json.decode(b'{"id": "x"}', type=OrderStruct),
    ),
    "msgspec: cut off": ("msgspec", "VALIDATION_FAILED", lambda: msgspec.json.decode(b'{"id": ')),
    "cattrs: a wrong type": (
        *("cattrs", "VALIDATION_FAILED", lambda: cattrs.structure({"id": "x"}, Order)),
    ),
    "schema: a wrong type": (
        *("schema", "VALIDATION_FAILED", lambda: schema.Schema({"id": int}).validate({"id": "x"})),
    ),
    "xmltodict: an open tag": (
        *("xmltodict", "VALIDATION_FAILED", lambda: xmltodict.parse("<a><b></a>")),
    ),
    "simplejson: HTML": ("simplejson", "VALIDATION_FAILED", lambda: simplejson.loads("<html>")),
    "ruamel.yaml: an open bracket": (
        *("ruamel.yaml", "VALIDATION_FAILED", lambda: ruamel.yaml.YAML().load("a: [1")),
    ),
    "itsdangerous: expired": ("itsdangerous", "AUTHENTICATION_ERROR", lambda: signed(-1)),
    "itsdangerous: a wrong signature": (
        *("itsdangerous", "AUTHENTICATION_ERROR"),
        lambda: itsdangerous.Signer("secret").unsign("x.y"),
    ),
}
