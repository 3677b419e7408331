"""The third part of the blind set."""

import asyncio
import base64
import binascii
import configparser
import csv
import io
import os
import sqlite3
import struct
import tarfile
import tempfile
import threading
import time
import tomllib
import xmlrpc.client
import zipfile
from dataclasses import dataclass

import aiomqtt
import algoliasearch.http.hosts
import algoliasearch.search.client
import algoliasearch.search.config
import amqpstorm
import anyio
import arango
import asyncmy
import attrs
import avro.io
import avro.schema
import azure.cosmos
import babel
import babel.numbers
import chameleon
import chevron
import clickhouse_driver
import colander
import coredis
import croniter
import dbutils.pooled_db
import discord
import docker
import docx
import func_timeout
import git
import gitlab
import google.api_core.client_options
import google.auth
import google.auth.credentials
import google.auth.exceptions
import google.auth.transport.requests
import google.cloud.bigquery
import google.oauth2.credentials
import greenstalk
import grpclib.client
import httpcore
import huey
import huggingface_hub
import ijson
import imap_tools
import influxdb_client
import iso8601
import isodate
import jira
import joserfc.jwk
import joserfc.jwt
import jsonpatch
import jsonpath_ng
import kazoo.client
import kombu
import lark
import liquid
import mashumaro
import meilisearch
import mollie.api.client
import nacl.secret
import nacl.signing
import nacl.utils
import netaddr
import niquests
import notion_client
import ollama
import packaging.version
import pebble
import pikepdf
import pint
import polars
import pony.orm
import portalocker
import postgrest
import postmarker.core
import psycopg_pool
import py7zr
import pyairtable
import pyarrow
import pyarrow.csv
import pycurl
import pynamodb.attributes
import pynamodb.models
import pysolr
import pywebpush
import rapidjson
import razorpay
import redis
import resend
import rpyc
import rq.job
import rsa
import schwifty
import sh
import simple_salesforce
import simpleeval
import sqlglot
import standardwebhooks
import strictyaml
import suds.client
import telegram
import thriftpy2
import thriftpy2.parser
import thriftpy2.rpc
import tomlkit
import tornado.httpclient
import tornado.queues
import tornado.template
import trafaret
import trio
import typeguard
import typesense
import upstash_redis
import webdav4.client
import xlrd
import xmlschema
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.protobuf.wrappers_pb2 import StringValue
from influxdb_client.client.write_api import SYNCHRONOUS
from ports import HOST, port, url

from .every import every, limit_of


def by_pycurl(where):
    curl = pycurl.Curl()
    for option, value in (
        (pycurl.URL, where),
        (pycurl.TIMEOUT_MS, int(limit_of(where) * 1000)),
        (pycurl.FAILONERROR, True),
        (pycurl.WRITEFUNCTION, len),
    ):
        curl.setopt(option, value)
    curl.perform()


def by_tornado(where):
    limit = limit_of(where)
    client = tornado.httpclient.AsyncHTTPClient
    asyncio.run(wait(lambda: client(force_instance=True).fetch(where, request_timeout=limit)))


async def wait(act):
    await act()


def full_tornado():
    tasks = tornado.queues.Queue(maxsize=1)
    tasks.put_nowait(1)
    tasks.put_nowait(2)


def by_niquests(where):
    niquests.get(where, timeout=limit_of(where)).raise_for_status()


def by_httpcore(where):
    limits = {"connect": 5, "read": limit_of(where)}
    httpcore.ConnectionPool().request("GET", where, extensions={"timeout": limits})


def full_httpcore():
    pool = httpcore.ConnectionPool(max_connections=1)
    with pool.stream("GET", url("http", "/slow-body")):
        pool.request("GET", url("http", "/html"), extensions={"timeout": {"pool": 0.1}})


CONNINFO = f"host={HOST} port={port('postgres')} user=app password=x dbname=shop"


def full_psycopg(**more):
    pool = psycopg_pool.ConnectionPool(
        CONNINFO, name="orders", min_size=1, max_size=1, timeout=0.3, open=True, **more
    )
    pool.getconn(timeout=5)
    if "max_waiting" in more:
        threading.Thread(target=waits, args=(pool,)).start()
        time.sleep(0.1)
    pool.getconn()


def waits(pool):
    try:
        pool.getconn()
    except psycopg_pool.PoolTimeout:
        pass


def by_asyncmy(peer="mysql", user="app", sql="SELECT 1"):
    async def act():
        where = {"host": HOST, "port": port(peer), "user": user, "password": "x"}
        connection = await asyncmy.connect(**where, connect_timeout=1)
        async with connection.cursor() as cursor:
            await cursor.execute(sql)

    asyncio.run(act())


def by_pony(act):
    database = pony.orm.Database("sqlite", ":memory:")

    class Order(database.Entity):
        id = pony.orm.PrimaryKey(int)
        email = pony.orm.Required(str)

    database.generate_mapping(create_tables=True)
    with pony.orm.db_session:
        Order(id=17, email="a@example.com")
        pony.orm.commit()
    with pony.orm.db_session:
        act(database, Order)


def twice_in_pony(_, Order):
    Order(id=17, email="b@example.com")
    pony.orm.commit()


def by_sqlite(sql):
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE orders(id INTEGER PRIMARY KEY, email TEXT NOT NULL)")
    database.execute("INSERT INTO orders VALUES (17, 'a@example.com')")
    database.execute("PRAGMA max_page_count = 2")
    database.execute(sql)


def locked_sqlite():
    file = f"{tempfile.mkdtemp()}/orders.db"
    held = sqlite3.connect(file, isolation_level=None)
    held.execute("BEGIN EXCLUSIVE")
    sqlite3.connect(file, timeout=0.05).execute("CREATE TABLE orders(id)")


def by_influx(error, peer="api"):
    client = influxdb_client.InfluxDBClient(url(peer, ""), token="x", org="shop", timeout=1000)
    writer = client.write_api(write_options=SYNCHRONOUS)
    writer.write(bucket=f"fail_influx_{error}", record="orders total=1i")


def by_arango(error, peer="api"):
    client = arango.ArangoClient(hosts=url(peer, ""), request_timeout=5)
    client.db("shop", "app", "x").collection(f"fail_arango_{error}").insert({"_key": "17"})


def by_clickhouse(peer):
    where = {"host": HOST, "port": port(peer), "connect_timeout": 1, "send_receive_timeout": 1}
    clickhouse_driver.Client(**where).execute("SELECT 1")


def by_pynamodb(error):
    class Order(pynamodb.models.Model):
        class Meta:
            table_name = error
            host = url("aws")
            region = "eu-central-1"
            aws_access_key_id = "id"
            aws_secret_access_key = "secret"
            max_retry_attempts = 0

        id = pynamodb.attributes.UnicodeAttribute(hash_key=True)

    Order.get("17")


def by_cosmos(error, peer="api"):
    where = url(peer, f"/fail_cosmos_{error}")
    azure.cosmos.CosmosClient(where, "c2VjcmV0", retry_total=0, connection_timeout=1)


def by_bigquery(error, peer="api"):
    options = google.api_core.client_options.ClientOptions(api_endpoint=url(peer, ""))
    to = {"credentials": google.auth.credentials.AnonymousCredentials(), "client_options": options}
    client = google.cloud.bigquery.Client("shop", **to)
    client.get_dataset(f"fail_google_{error}", retry=None, timeout=5)


def by_google_auth(path, peer="api"):
    where = {"token_uri": url(peer, path), "client_id": "app", "client_secret": "x"}
    login = google.oauth2.credentials.Credentials(None, refresh_token="x", **where)
    login.refresh(google.auth.transport.requests.Request())


def no_google_login():
    os.environ |= {"NO_GCE_CHECK": "true", "CLOUDSDK_CONFIG": "/app", "HOME": "/app"}
    google.auth.default()


def by_docker(error, peer="api"):
    where = f"tcp://{HOST}:{port(peer)}"
    docker.DockerClient(base_url=where, version="1.41").containers.get(f"fail_docker_{error}")


def by_zookeeper(peer):
    kazoo.client.KazooClient(f"{HOST}:{port(peer)}").start(timeout=0.5)


def by_rq(peer, act):
    with redis.Redis(host=HOST, port=port(peer)) as connection:
        act(connection)


HUEY = huey.MemoryHuey()


@HUEY.task()
def order():
    pass


def locked_huey():
    with HUEY.lock_task("orders"), HUEY.lock_task("orders"):
        pass


def by_kombu(act, peer="amqp", user="app"):
    where = f"amqp://{user}:x@{HOST}:{port(peer)}//"
    with kombu.Connection(where, connect_timeout=0.5) as connection:
        act(connection)


def by_amqpstorm(peer="amqp", user="app", queue="orders"):
    connection = amqpstorm.Connection(HOST, user, "x", port=port(peer), timeout=1)
    connection.channel().queue.declare(queue, passive=True)


def by_aiomqtt(peer, user="app"):
    async def act():
        async with aiomqtt.Client(HOST, port(peer), username=user, password="x", timeout=0.5):
            pass

    asyncio.run(act())


def by_coredis(peer, *command, **more):
    async def act():
        client = coredis.Redis(host=HOST, port=port(peer), connect_timeout=1, **more)
        async with client:
            await getattr(client, command[0])(*command[1:])

    asyncio.run(act())


def by_upstash(error, peer="api"):
    where = url(peer, f"/fail_upstash_{error}")
    upstash_redis.Redis(where, "x", rest_retries=0, allow_telemetry=False).get("a")


def by_postgrest(error, peer="api"):
    client = postgrest.SyncPostgrestClient(url(peer, ""))
    client.from_(f"fail_postgrest_{error}").select("*").execute()


SECRET = "a secret of at least thirty-two bytes"


def key(text=SECRET):
    return joserfc.jwk.OctKey.import_key(text)


def by_joserfc(claims, of):
    token = joserfc.jwt.encode({"alg": "HS256"}, claims, of)
    found = joserfc.jwt.decode(token, key())
    joserfc.jwt.JWTClaimsRegistry().validate(found.claims)


def by_nacl():
    size = nacl.secret.SecretBox.KEY_SIZE
    sealed = nacl.secret.SecretBox(b"a" * size).encrypt(b"x")
    nacl.secret.SecretBox(b"b" * size).decrypt(sealed)


def forged_nacl():
    signed = nacl.signing.SigningKey(b"a" * 32).sign(b"x")
    nacl.signing.SigningKey(b"b" * 32).verify_key.verify(signed)


def forged_rsa():
    public, private = rsa.newkeys(512)
    rsa.verify(b"y", rsa.sign(b"x", private, "SHA-256"), public)


def by_webhook(age_s):
    now = str(int(time.time() - age_s))
    headers = {"webhook-id": "17", "webhook-timestamp": now, "webhook-signature": "v1,AAAA"}
    standardwebhooks.Webhook(base64.b64encode(SECRET.encode()).decode()).verify("{}", headers)


def locked_pdf():
    file = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.save(file, encryption=pikepdf.Encryption(owner="x", user="x"))
    pikepdf.open(file)


def locked_zip():
    name = b"order.txt"
    head = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 1, 0, 0, 0, 0, 13, 1, len(name), 0)
    directory = struct.pack(
        "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 1, 0, 0, 0, 0, 13, 1, len(name), *[0] * 6
    )
    body = head + name + b"x" * 13
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(directory) + len(name), len(body), 0)
    zipfile.ZipFile(io.BytesIO(body + directory + name + end)).read("order.txt")


@dataclass
class Order(mashumaro.DataClassDictMixin):
    id: int


@attrs.define
class Item:
    id: int = attrs.field(validator=attrs.validators.instance_of(int))


class Orders(colander.MappingSchema):
    id = colander.SchemaNode(colander.Integer())


AVRO = avro.schema.parse(
    '{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "int"}]}'
)
XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:element name="id" type="xs:integer"/></xs:schema>"""


def to_avro():
    encoder = avro.io.BinaryEncoder(io.BytesIO())
    avro.io.DatumWriter(AVRO).write({"id": "x"}, encoder)


def of_section():
    return configparser.ConfigParser()["orders"]


def long_field():
    csv.field_size_limit(10)
    try:
        return list(csv.reader(["a field of more than ten bytes"]))
    finally:
        csv.field_size_limit(131072)


def by_postmark(error):
    client = postmarker.core.PostmarkClient(server_token="x")
    client.root_api_url = url("api", "")
    mail = {"From": "a@example.com", "To": "b@example.com", "TextBody": "x"}
    client.emails.send(Subject=f"fail_postmark_{error}", **mail)


def by_resend(error, peer="api"):
    resend.api_key = "x"
    resend.api_url = url(peer, "")
    mail = {"from": "a@example.com", "to": ["b@example.com"], "text": "x"}
    resend.Emails.send({"subject": f"fail_resend_{error}", **mail})


def by_imap(peer):
    imap_tools.MailBoxUnencrypted(HOST, port(peer), timeout=0.5).login("app", "x")


def by_meili(error, peer="api"):
    client = meilisearch.Client(url(peer, f"/fail_meili_{error}"), "x", timeout=1)
    client.index("orders").search("shoes")


def by_typesense(error, peer="api"):
    node = f"http://{HOST}:{port(peer)}/fail_typesense_{error}"
    options = {"api_key": "x", "num_retries": 0, "connection_timeout_seconds": 0.5}
    client = typesense.Client({"nodes": [node], **options})
    client.collections["orders"].documents["17"].retrieve()


def by_algolia(error, peer="api"):
    config = algoliasearch.search.config.SearchConfig("app", "x")
    config.hosts = algoliasearch.http.hosts.HostsCollection(
        [algoliasearch.http.hosts.Host(HOST, port=port(peer), scheme="http")]
    )
    client = algoliasearch.search.client.SearchClientSync(config=config)
    client.save_object(f"fail_algolia_{error}", {"objectID": "17"})


def by_solr(where):
    pysolr.Solr(where, timeout=limit_of(where)).search("shoes")


def by_mollie(error):
    client = mollie.api.client.Client(api_endpoint=url("api", ""))
    client.set_api_key(f"test_{'x' * 30}")
    client.payments.get(f"tr_fail_mollie_{error}")


def by_razorpay(error):
    client = razorpay.Client(auth=("app", "x"), base_url=url("api", ""))
    client.payment.fetch(f"fail_razorpay_{error}")


def by_telegram(error, peer="api"):
    bot = telegram.Bot("1:x", base_url=url(peer, "/bot"))
    asyncio.run(bot.send_message(1, f"fail_telegram_{error}", read_timeout=0.5))


def by_discord(error):
    discord.http.Route.BASE = url("api", "")
    hook = discord.SyncWebhook.partial(17, "x" * 68)
    hook.send(f"fail_discord_{error}")


def by_notion(error, peer="api"):
    client = notion_client.Client(auth="x", base_url=url(peer, ""), timeout_ms=500)
    client.request(f"fail_notion_{error}", "GET")


def by_salesforce(error, peer="api"):
    client = simple_salesforce.Salesforce(instance="shop.example", session_id="x")
    client.base_url = url(peer)
    client.query(f"SELECT fail_salesforce_{error}")


def by_jira(error, peer="api"):
    options = {"max_retries": 0, "get_server_info": False, "timeout": 1}
    jira.JIRA(url(peer, ""), token_auth="x", **options).issue(f"fail_jira_{error}")


def by_gitlab(error, peer="api"):
    client = gitlab.Gitlab(url(peer, ""), private_token="x", timeout=1)
    client.http_get(f"/projects/fail_gitlab_{error}", obey_rate_limit=False)


def by_airtable(error):
    client = pyairtable.Api("x", endpoint_url=url("api", ""), retry_strategy=None)
    client.table("app1", f"fail_airtable_{error}").get("rec1")


def by_ollama(error, peer="api"):
    ollama.Client(url(peer, ""), timeout=1).generate(f"fail_ollama_{error}", "x")


def by_hugging_face(path, peer="http"):
    huggingface_hub.HfApi(endpoint=url(peer, path)).model_info("orders")


def by_push(path):
    point = ec.derive_private_key(17, ec.SECP256R1()).public_key()
    keys = {
        "p256dh": encoded(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)),
        "auth": encoded(b"a" * 16),
    }
    pywebpush.webpush({"endpoint": url("http", path), "keys": keys}, "x", timeout=limit_of(path))


def encoded(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def by_grpclib(what, peer="grpc"):
    async def act():
        async with grpclib.client.Channel(HOST, port(peer)) as channel:
            path = f"/golden.Fail/{what}"
            call = grpclib.client.UnaryUnaryMethod(channel, path, StringValue, StringValue)
            await call(StringValue(value="x"), timeout=0.3 if what == "hang" else 5)

    asyncio.run(act())


def by_rpyc(peer):
    rpyc.connect(HOST, port(peer)).root.get_order(17)


WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
xmlns:t="urn:t" xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t">
<message name="A"><part name="id" type="x:string"/></message><message name="B"/>
<portType name="P"><operation name="Get"><input message="t:A"/><output message="t:B"/></operation></portType>
<binding name="Q" type="t:P"><s:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="Get"><s:operation soapAction=""/>
<input><s:body use="literal"/></input><output><s:body use="literal"/></output></operation></binding>
<service name="S"><port name="R" binding="t:Q"><s:address location="ADDRESS"/></port></service></definitions>"""


def by_suds(error, where=None):
    with tempfile.NamedTemporaryFile("w", suffix=".wsdl") as file:
        file.write(WSDL.replace("ADDRESS", where or url("api")))
        file.flush()
        client = suds.client.Client(f"file:{file.name}", cache=None, timeout=limit_of(where or ""))
        client.service.Get(f"fail_soap_{error}")


def by_thrift(peer):
    service = thriftpy2.parser.parse_fp(
        io.StringIO("service Orders { string get(1: string id) }"), "orders_thrift"
    ).Orders
    with thriftpy2.rpc.client_context(service, HOST, port(peer), timeout=300) as client:
        client.get("17")


def by_git(where):
    os.environ |= {"GIT_TERMINAL_PROMPT": "0", "LANG": "C"}
    git.Repo.clone_from(where, f"{tempfile.mkdtemp()}/orders")


def by_webdav(path, peer="http"):
    webdav4.client.Client(url(peer, path), timeout=limit_of(path)).ls("/")


def locked_file():
    file = f"{tempfile.mkdtemp()}/orders.lock"
    with portalocker.Lock(file), portalocker.Lock(file, timeout=0.05, fail_when_locked=True):
        pass


def full_dbutils():
    pool = dbutils.pooled_db.PooledDB(sqlite3, maxconnections=1, blocking=False, database=":memory:")
    held = pool.connection(shareable=False)
    pool.connection(shareable=False)
    held.close()


def slow_pebble():
    with pebble.ProcessPool(max_workers=1) as pool:
        pool.schedule(time.sleep, args=[5], timeout=0.3).result()


def slow_trio():
    async def act():
        with trio.fail_after(0.05):
            await trio.sleep(5)

    trio.run(act)


UNITS = pint.UnitRegistry()
FRAME = polars.DataFrame({"id": [1, 2], "name": ["a", "b"]})

CASES = {
    **every(
        "pycurl",
        "pycurl",
        lambda path: by_pycurl(url("http", path)),
        {
            "/status/401": "AUTHENTICATION_ERROR",
            "/status/429": "RESOURCE_EXHAUSTED",
            "/status/503": "WEBHOOK_FAILED",
            "/hang": "TIMEOUT",
            "/close": "NETWORK_ERROR",
            "/cut": "NETWORK_ERROR",
        },
    ),
    "pycurl: refused": ("pycurl", "NETWORK_ERROR", lambda: by_pycurl(url("closed"))),
    **every(
        "tornado",
        "tornado",
        lambda path: by_tornado(url("http", path)),
        {"/status/403": "AUTHENTICATION_ERROR", "/hang": "TIMEOUT", "/close": "NETWORK_ERROR"},
    ),
    "tornado: refused": ("tornado", "NETWORK_ERROR", lambda: by_tornado(url("closed"))),
    "tornado: a full queue": ("tornado", "RESOURCE_EXHAUSTED", full_tornado),
    "tornado: an open block": (
        *("tornado", "EXECUTION_FAILED", lambda: tornado.template.Template("{% if a %}")),
    ),
    **every(
        "niquests",
        "niquests",
        lambda path: by_niquests(url("http", path)),
        {"/status/429": "RESOURCE_EXHAUSTED", "/hang": "TIMEOUT"},
    ),
    "niquests: refused": ("niquests", "NETWORK_ERROR", lambda: by_niquests(url("closed"))),
    **every(
        "httpcore",
        "httpcore",
        lambda path: by_httpcore(url("http", path)),
        {"/hang": "TIMEOUT", "/close": "NETWORK_ERROR", "/cut": "NETWORK_ERROR"},
    ),
    "httpcore: refused": ("httpcore", "NETWORK_ERROR", lambda: by_httpcore(url("closed"))),
    "httpcore: a full pool": ("httpcore", "RESOURCE_EXHAUSTED", full_httpcore),
    "xmlrpc: 503": (
        "python",
        "WEBHOOK_FAILED",
        lambda: xmlrpc.client.ServerProxy(url("http", "/status/503")).get(17),
    ),
    "xmlrpc: 401": (
        "python",
        "AUTHENTICATION_ERROR",
        lambda: xmlrpc.client.ServerProxy(url("http", "/status/401")).get(17),
    ),
    **every(
        "grpclib",
        "grpclib",
        by_grpclib,
        {
            "3": "VALIDATION_FAILED",
            "8": "RESOURCE_EXHAUSTED",
            "14": "NETWORK_ERROR",
            "16": "AUTHENTICATION_ERROR",
            "hang": "TIMEOUT",
        },
    ),
    "grpclib: refused": ("grpclib", "NETWORK_ERROR", lambda: by_grpclib("3", "closed")),
    "rpyc: refused": ("rpyc", "NETWORK_ERROR", lambda: by_rpyc("closed")),
    "rpyc: hung up": ("rpyc", "NETWORK_ERROR", lambda: by_rpyc("hangsUp")),
    **every(
        "suds",
        "suds-community",
        by_suds,
        {"server": "WEBHOOK_FAILED", "client": "VALIDATION_FAILED"},
    ),
    "suds: 403": (
        *("suds-community", "AUTHENTICATION_ERROR"),
        lambda: by_suds("x", url("http", "/status/403")),
    ),
    "suds: no answer": ("suds-community", "TIMEOUT", lambda: by_suds("x", url("http", "/hang"))),
    "thrift: refused": ("thriftpy2", "NETWORK_ERROR", lambda: by_thrift("closed")),
    "thrift: no answer": ("thriftpy2", "TIMEOUT", lambda: by_thrift("silent")),
    "thrift: hung up": ("thriftpy2", "NETWORK_ERROR", lambda: by_thrift("hangsUp")),
    "psycopg-pool: full": ("psycopg-pool", "RESOURCE_EXHAUSTED", full_psycopg),
    "psycopg-pool: too many waiting": (
        *("psycopg-pool", "RESOURCE_EXHAUSTED", lambda: full_psycopg(max_waiting=1)),
    ),
    "asyncmy: refused": ("asyncmy", "NETWORK_ERROR", lambda: by_asyncmy("closed")),
    "asyncmy: a wrong password": (
        *("asyncmy", "AUTHENTICATION_ERROR", lambda: by_asyncmy(user="fail_1045")),
    ),
    **every(
        "asyncmy",
        "asyncmy",
        lambda code: by_asyncmy(sql=f"fail_{code}"),
        {
            "1062": "VALIDATION_FAILED",
            "1114": "RESOURCE_EXHAUSTED",
            "1146": "EXECUTION_FAILED",
            "1205": "TIMEOUT",
            "1213": "UNKNOWN_ERROR",
        },
    ),
    "pony: a duplicate": ("pony", "VALIDATION_FAILED", lambda: by_pony(twice_in_pony)),
    "pony: no such row": ("pony", "UNKNOWN_ERROR", lambda: by_pony(lambda _, Order: Order[18])),
    "pony: a missing table": (
        *("pony", "EXECUTION_FAILED"),
        lambda: by_pony(lambda database, _: database.select("* FROM customers")),
    ),
    "pony: a missing field": (
        *("pony", "VALIDATION_FAILED", lambda: by_pony(lambda _, Order: Order(id=18))),
    ),
    **every(
        "sqlite3",
        "python",
        by_sqlite,
        {
            "INSERT INTO orders VALUES (17, 'b@example.com')": "VALIDATION_FAILED",
            "INSERT INTO orders VALUES (18, NULL)": "VALIDATION_FAILED",
            "SELECT * FROM customers": "EXECUTION_FAILED",
            "SELCT 1": "EXECUTION_FAILED",
            "CREATE TABLE customers(id INTEGER)": "RESOURCE_EXHAUSTED",
        },
    ),
    "sqlite3: locked": ("python", "UNKNOWN_ERROR", locked_sqlite),
    **every(
        "influxdb",
        "influxdb-client",
        by_influx,
        {
            "bucket": "WEBHOOK_FAILED",
            "login": "AUTHENTICATION_ERROR",
            "rate": "RESOURCE_EXHAUSTED",
            "type": "VALIDATION_FAILED",
        },
    ),
    "influxdb: refused": ("influxdb-client", "NETWORK_ERROR", lambda: by_influx("x", "closed")),
    **every(
        "arango",
        "python-arango",
        by_arango,
        {
            "collection": "EXECUTION_FAILED",
            "conflict": "UNKNOWN_ERROR",
            "login": "AUTHENTICATION_ERROR",
            "memory": "RESOURCE_EXHAUSTED",
            "unique": "VALIDATION_FAILED",
        },
    ),
    "clickhouse-driver: refused": (
        *("clickhouse-driver", "NETWORK_ERROR", lambda: by_clickhouse("closed")),
    ),
    "clickhouse-driver: hung up": (
        *("clickhouse-driver", "NETWORK_ERROR", lambda: by_clickhouse("hangsUp")),
    ),
    "clickhouse-driver: no answer": (
        *("clickhouse-driver", "TIMEOUT", lambda: by_clickhouse("silent")),
    ),
    **every(
        "pynamodb",
        "pynamodb",
        by_pynamodb,
        {
            "AccessDeniedException": "AUTHENTICATION_ERROR",
            "ProvisionedThroughputExceededException": "RESOURCE_EXHAUSTED",
            "ValidationException": "VALIDATION_FAILED",
        },
    ),
    "cosmos: a wrong key": (*("azure-cosmos", "AUTHENTICATION_ERROR", lambda: by_cosmos("key")),),
    "cosmos: refused": ("azure-cosmos", "NETWORK_ERROR", lambda: by_cosmos("x", "closed")),
    "bigquery: refused": (
        *("google-cloud-bigquery", "NETWORK_ERROR", lambda: by_bigquery("x", "closed")),
    ),
    "google-auth: a revoked token": (
        *("google-auth", "AUTHENTICATION_ERROR", lambda: by_google_auth("/fail_oauth_grant")),
    ),
    "google-auth: refused": (*("google-auth", "NETWORK_ERROR", lambda: by_google_auth("/", "closed")),),
    "google-auth: no credentials": ("google-auth", "AUTHENTICATION_ERROR", no_google_login),
    **every(
        "docker",
        "docker",
        by_docker,
        {
            "conflict": "UNKNOWN_ERROR",
            "disk": "RESOURCE_EXHAUSTED",
            "missing": "WEBHOOK_FAILED",
            "rate": "RESOURCE_EXHAUSTED",
        },
    ),
    "docker: refused": ("docker", "NETWORK_ERROR", lambda: by_docker("x", "closed")),
    "kazoo: refused": ("kazoo", "NETWORK_ERROR", lambda: by_zookeeper("closed")),
    "rq: no such job": (
        "rq",
        "UNKNOWN_ERROR",
        lambda: by_rq("openRedis", lambda to: rq.job.Job.fetch("17", connection=to)),
    ),
    "rq: full memory": (
        "rq",
        "RESOURCE_EXHAUSTED",
        lambda: by_rq("fullRedis", lambda to: rq.Queue(connection=to).enqueue(time.sleep, 1)),
    ),
    "huey: no result in time": (*("huey", "TIMEOUT", lambda: order().get(blocking=True, timeout=0.1)),),
    "huey: locked": ("huey", "UNKNOWN_ERROR", locked_huey),
    "kombu: refused": (
        "kombu",
        "NETWORK_ERROR",
        lambda: by_kombu(lambda one: one.ensure_connection(max_retries=1), "closed"),
    ),
    "kombu: a wrong password": (
        "kombu",
        "AUTHENTICATION_ERROR",
        lambda: by_kombu(lambda one: one.connect(), user="fail_403"),
    ),
    "kombu: a missing queue": (
        "kombu",
        "UNKNOWN_ERROR",
        lambda: by_kombu(lambda one: one.channel().queue_declare("fail_404", passive=True)),
    ),
    "kombu: no greeting": (
        *("kombu", "TIMEOUT", lambda: by_kombu(lambda one: one.connect(), "silent")),
    ),
    "kombu: a set": (*("kombu", "EXECUTION_FAILED", lambda: kombu.serialization.dumps({1}, "json")),),
    "amqpstorm: refused": ("AMQPStorm", "NETWORK_ERROR", lambda: by_amqpstorm("closed")),
    "amqpstorm: a wrong password": (
        *("AMQPStorm", "AUTHENTICATION_ERROR", lambda: by_amqpstorm(user="fail_403")),
    ),
    "amqpstorm: a missing queue": (
        *("AMQPStorm", "UNKNOWN_ERROR", lambda: by_amqpstorm(queue="fail_404")),
    ),
    "aiomqtt: refused": ("aiomqtt", "NETWORK_ERROR", lambda: by_aiomqtt("closed")),
    "aiomqtt: not authorized": (
        *("aiomqtt", "AUTHENTICATION_ERROR", lambda: by_aiomqtt("mqtt", "fail_5")),
    ),
    "aiomqtt: no answer": ("aiomqtt", "TIMEOUT", lambda: by_aiomqtt("silent")),
    "greenstalk: refused": (
        *("greenstalk", "NETWORK_ERROR", lambda: greenstalk.Client((HOST, port("closed")))),
    ),
    "greenstalk: hung up": (
        *("greenstalk", "NETWORK_ERROR"),
        lambda: greenstalk.Client((HOST, port("hangsUp"))).put("17"),
    ),
    "coredis: refused": ("coredis", "NETWORK_ERROR", lambda: by_coredis("closed", "get", "a")),
    **every(
        "upstash",
        "upstash-redis",
        by_upstash,
        {"limit": "RESOURCE_EXHAUSTED", "token": "AUTHENTICATION_ERROR"},
    ),
    **every(
        "postgrest",
        "postgrest",
        by_postgrest,
        {
            "jwt": "AUTHENTICATION_ERROR",
            "pool": "RESOURCE_EXHAUSTED",
            "policy": "AUTHENTICATION_ERROR",
            "row": "UNKNOWN_ERROR",
            "table": "EXECUTION_FAILED",
            "twice": "VALIDATION_FAILED",
        },
    ),
    "joserfc: another key": (
        *("joserfc", "AUTHENTICATION_ERROR", lambda: by_joserfc({}, key(f"{SECRET}x"))),
    ),
    "joserfc: expired": ("joserfc", "AUTHENTICATION_ERROR", lambda: by_joserfc({"exp": 1}, key())),
    "pynacl: another key": ("PyNaCl", "AUTHENTICATION_ERROR", by_nacl),
    "pynacl: forged": ("PyNaCl", "AUTHENTICATION_ERROR", forged_nacl),
    "rsa: forged": ("rsa", "AUTHENTICATION_ERROR", forged_rsa),
    "standardwebhooks: a wrong signature": (
        *("standardwebhooks", "AUTHENTICATION_ERROR", lambda: by_webhook(0)),
    ),
    "pikepdf: a password is missing": ("pikepdf", "AUTHENTICATION_ERROR", locked_pdf),
    "pikepdf: not a PDF file": (
        *("pikepdf", "VALIDATION_FAILED", lambda: pikepdf.open(io.BytesIO(b"<html>"))),
    ),
    "py7zr: not an archive": (
        *("py7zr", "VALIDATION_FAILED", lambda: py7zr.SevenZipFile(io.BytesIO(b"<html>" * 9))),
    ),
    "zipfile: a password is missing": ("python", "AUTHENTICATION_ERROR", locked_zip),
    "zipfile: not a ZIP file": (
        *("python", "VALIDATION_FAILED", lambda: zipfile.ZipFile(io.BytesIO(b"x"))),
    ),
    "tarfile: not a tar file": (
        *("python", "VALIDATION_FAILED", lambda: tarfile.open(fileobj=io.BytesIO(b"x"))),
    ),
    "attrs: a wrong type": ("attrs", "VALIDATION_FAILED", lambda: Item("x")),
    "typeguard: a wrong type": (
        *("typeguard", "VALIDATION_FAILED", lambda: typeguard.check_type({"id": "x"}, dict[str, int])),
    ),
    "colander: not a number": (
        *("colander", "VALIDATION_FAILED", lambda: Orders().deserialize({"id": "x"})),
    ),
    "trafaret: not a number": (
        *("trafaret", "VALIDATION_FAILED"),
        lambda: trafaret.Dict({"id": trafaret.Int}).check({"id": "x"}),
    ),
    "mashumaro: not a number": (
        *("mashumaro", "VALIDATION_FAILED", lambda: Order.from_dict({"id": "x"})),
    ),
    "mashumaro: a missing field": (*("mashumaro", "VALIDATION_FAILED", lambda: Order.from_dict({})),),
    "strictyaml: not a number": (
        *("strictyaml", "VALIDATION_FAILED"),
        lambda: strictyaml.load("id: x", strictyaml.Map({"id": strictyaml.Int()})),
    ),
    "tomlkit: no value": ("tomlkit", "VALIDATION_FAILED", lambda: tomlkit.parse("id = ")),
    "tomllib: no value": ("python", "VALIDATION_FAILED", lambda: tomllib.loads("id = ")),
    "configparser: a missing section": ("python", "EXECUTION_FAILED", of_section),
    "configparser: no section": (
        *("python", "VALIDATION_FAILED", lambda: configparser.ConfigParser().read_string("id = 1")),
    ),
    "csv: a field too long": ("python", "VALIDATION_FAILED", long_field),
    "base64: cut off": ("python", "VALIDATION_FAILED", lambda: base64.b64decode("abc")),
    "binascii: not hex": ("python", "VALIDATION_FAILED", lambda: binascii.unhexlify("zz")),
    "struct: cut off": ("python", "VALIDATION_FAILED", lambda: struct.unpack("<I", b"12")),
    "xmlschema: not a number": (
        *("xmlschema", "VALIDATION_FAILED", lambda: xmlschema.XMLSchema(XSD).validate("<id>x</id>")),
    ),
    "ijson: cut off": (
        *("ijson", "VALIDATION_FAILED", lambda: list(ijson.parse(io.BytesIO(b'{"id": ')))),
    ),
    "rapidjson: cut off": (
        *("python-rapidjson", "VALIDATION_FAILED", lambda: rapidjson.loads('{"id": ')),
    ),
    "avro: a wrong type": ("avro", "VALIDATION_FAILED", to_avro),
    "xlrd: not a workbook": (
        *("xlrd", "VALIDATION_FAILED", lambda: xlrd.open_workbook(file_contents=b"<html>")),
    ),
    "python-docx: not a ZIP file": (
        *("python-docx", "VALIDATION_FAILED", lambda: docx.Document(io.BytesIO(b"<html>"))),
    ),
    "packaging: not a version": (
        *("packaging", "VALIDATION_FAILED", lambda: packaging.version.Version("soon")),
    ),
    "schwifty: a wrong check sum": (
        *("schwifty", "VALIDATION_FAILED", lambda: schwifty.IBAN("DE00370400440532013000")),
    ),
    "babel: not a number": (
        *("babel", "VALIDATION_FAILED", lambda: babel.numbers.parse_decimal("x", locale="de")),
    ),
    "babel: an unknown locale": (*("babel", "VALIDATION_FAILED", lambda: babel.Locale.parse("xx_YY")),),
    "iso8601: not a date": ("iso8601", "VALIDATION_FAILED", lambda: iso8601.parse_date("soon")),
    "isodate: not a duration": (
        *("isodate", "VALIDATION_FAILED", lambda: isodate.parse_duration("soon")),
    ),
    "netaddr: not an address": (
        *("netaddr", "VALIDATION_FAILED", lambda: netaddr.IPAddress("10.0.0.999")),
    ),
    "pint: an unknown unit": ("Pint", "VALIDATION_FAILED", lambda: UNITS("5 crates")),
    "lark: an unexpected character": (
        *("lark", "VALIDATION_FAILED"),
        lambda: lark.Lark('start: "id" /[0-9]+/').parse("idx"),
    ),
    "jsonpatch: a missing member": (
        *("jsonpatch", "VALIDATION_FAILED"),
        lambda: jsonpatch.apply_patch({"id": 1}, [{"op": "replace", "path": "/total", "value": 5}]),
    ),
    "croniter: not a schedule": (
        *("croniter", "VALIDATION_FAILED", lambda: croniter.croniter("61 * * * *")),
    ),
    "polars: not a number": (
        *("polars", "VALIDATION_FAILED", lambda: FRAME["name"].cast(polars.Int64)),
    ),
    "polars: a missing column": ("polars", "EXECUTION_FAILED", lambda: FRAME.select("total")),
    "pyarrow: a row too long": (
        *("pyarrow", "VALIDATION_FAILED"),
        lambda: pyarrow.csv.read_csv(io.BytesIO(b"a,b\n1,2\n1,2,3\n")),
    ),
    "pyarrow: not a number": (
        "pyarrow",
        "VALIDATION_FAILED",
        lambda: pyarrow.array(["x"]).cast("int64"),
    ),
    "pyarrow: a missing column": (
        *("pyarrow", "EXECUTION_FAILED", lambda: pyarrow.table({"id": [1]}).column("total")),
    ),
    "sqlglot: cut off": ("sqlglot", "EXECUTION_FAILED", lambda: sqlglot.parse_one("SELECT (1")),
    "jsonpath-ng: cut off": ("jsonpath-ng", "EXECUTION_FAILED", lambda: jsonpath_ng.parse("$.a[")),
    "simpleeval: an unknown name": (
        *("simpleeval", "EXECUTION_FAILED", lambda: simpleeval.simple_eval("total * 2")),
    ),
    "chevron: an open section": (
        *("chevron", "EXECUTION_FAILED", lambda: chevron.render("{{#orders}}", {})),
    ),
    "chameleon: an unknown name": (
        *("Chameleon", "EXECUTION_FAILED"),
        lambda: chameleon.PageTemplate("<p>${order}</p>").render(),
    ),
    "liquid: an open tag": (*("python-liquid", "EXECUTION_FAILED", lambda: liquid.parse("{% if a %}")),),
    **every(
        "postmark",
        "postmarker",
        by_postmark,
        {
            "address": "VALIDATION_FAILED",
            "credits": "RESOURCE_EXHAUSTED",
            "token": "AUTHENTICATION_ERROR",
        },
    ),
    **every(
        "resend",
        "resend",
        by_resend,
        {
            "from": "VALIDATION_FAILED",
            "key": "AUTHENTICATION_ERROR",
            "quota": "RESOURCE_EXHAUSTED",
        },
    ),
    "imap-tools: a wrong password": ("imap-tools", "AUTHENTICATION_ERROR", lambda: by_imap("imap")),
    "imap-tools: no greeting": ("imap-tools", "TIMEOUT", lambda: by_imap("silent")),
    **every(
        "meilisearch",
        "meilisearch",
        by_meili,
        {
            "busy": "RESOURCE_EXHAUSTED",
            "index": "WEBHOOK_FAILED",
            "key": "AUTHENTICATION_ERROR",
            "value": "VALIDATION_FAILED",
        },
    ),
    "meilisearch: refused": ("meilisearch", "NETWORK_ERROR", lambda: by_meili("x", "closed")),
    "meilisearch: no answer": ("meilisearch", "TIMEOUT", lambda: by_meili("x", "silent")),
    **every(
        "typesense",
        "typesense",
        by_typesense,
        {
            "disk": "RESOURCE_EXHAUSTED",
            "key": "AUTHENTICATION_ERROR",
            "lag": "WEBHOOK_FAILED",
            "value": "VALIDATION_FAILED",
        },
    ),
    **every(
        "algolia",
        "algoliasearch",
        by_algolia,
        {"index": "WEBHOOK_FAILED", "key": "AUTHENTICATION_ERROR", "large": "VALIDATION_FAILED"},
    ),
    "algolia: refused": ("algoliasearch", "NETWORK_ERROR", lambda: by_algolia("x", "closed")),
    **every(
        "solr",
        "pysolr",
        lambda path: by_solr(url("http", path)),
        {
            "/hang": "TIMEOUT",
        },
    ),
    "solr: refused": ("pysolr", "NETWORK_ERROR", lambda: by_solr(url("closed"))),
    **every(
        "mollie",
        "mollie-api-python",
        by_mollie,
        {
            "amount": "VALIDATION_FAILED",
            "down": "WEBHOOK_FAILED",
            "key": "AUTHENTICATION_ERROR",
        },
    ),
    **every(
        "razorpay",
        "razorpay",
        by_razorpay,
        {
            "amount": "VALIDATION_FAILED",
            "gateway": "WEBHOOK_FAILED",
            "key": "AUTHENTICATION_ERROR",
        },
    ),
    **every(
        "telegram",
        "python-telegram-bot",
        by_telegram,
        {
            "blocked": "AUTHENTICATION_ERROR",
            "conflict": "UNKNOWN_ERROR",
            "down": "WEBHOOK_FAILED",
            "long": "VALIDATION_FAILED",
            "rate": "RESOURCE_EXHAUSTED",
            "token": "AUTHENTICATION_ERROR",
        },
    ),
    "telegram: refused": (
        *("python-telegram-bot", "NETWORK_ERROR", lambda: by_telegram("x", "closed")),
    ),
    "telegram: no answer": (*("python-telegram-bot", "TIMEOUT", lambda: by_telegram("x", "silent")),),
    **every(
        "discord",
        "discord.py",
        by_discord,
        {
            "access": "AUTHENTICATION_ERROR",
            "body": "VALIDATION_FAILED",
            "channel": "WEBHOOK_FAILED",
            "full": "RESOURCE_EXHAUSTED",
        },
    ),
    **every(
        "notion",
        "notion-client",
        by_notion,
        {
            "access": "AUTHENTICATION_ERROR",
            "conflict": "UNKNOWN_ERROR",
            "down": "WEBHOOK_FAILED",
            "rate": "RESOURCE_EXHAUSTED",
            "value": "VALIDATION_FAILED",
        },
    ),
    "notion: no answer": ("notion-client", "TIMEOUT", lambda: by_notion("x", "silent")),
    **every(
        "salesforce",
        "simple-salesforce",
        by_salesforce,
        {
            "field": "VALIDATION_FAILED",
            "late": "TIMEOUT",
            "lock": "UNKNOWN_ERROR",
            "query": "EXECUTION_FAILED",
            "rate": "RESOURCE_EXHAUSTED",
            "session": "AUTHENTICATION_ERROR",
        },
    ),
    **every(
        "jira",
        "jira",
        by_jira,
        {
            "field": "VALIDATION_FAILED",
            "login": "AUTHENTICATION_ERROR",
            "missing": "WEBHOOK_FAILED",
        },
    ),
    **every(
        "gitlab",
        "python-gitlab",
        by_gitlab,
        {
            "access": "AUTHENTICATION_ERROR",
            "login": "AUTHENTICATION_ERROR",
            "missing": "WEBHOOK_FAILED",
            "rate": "RESOURCE_EXHAUSTED",
            "value": "VALIDATION_FAILED",
        },
    ),
    "gitlab: refused": ("python-gitlab", "NETWORK_ERROR", lambda: by_gitlab("x", "closed")),
    **every(
        "airtable",
        "pyairtable",
        by_airtable,
        {"login": "AUTHENTICATION_ERROR", "value": "VALIDATION_FAILED"},
    ),
    **every(
        "ollama",
        "ollama",
        by_ollama,
        {
            "busy": "RESOURCE_EXHAUSTED",
            "memory": "RESOURCE_EXHAUSTED",
            "model": "WEBHOOK_FAILED",
        },
    ),
    "ollama: refused": ("ollama", "NETWORK_ERROR", lambda: by_ollama("x", "closed")),
    **every(
        "hugging face",
        "huggingface_hub",
        by_hugging_face,
        {"/status/403": "AUTHENTICATION_ERROR", "/status/429": "RESOURCE_EXHAUSTED"},
    ),
    **every(
        "pywebpush",
        "pywebpush",
        by_push,
        {
            "/status/403": "AUTHENTICATION_ERROR",
            "/status/410": "WEBHOOK_FAILED",
            "/status/429": "RESOURCE_EXHAUSTED",
        },
    ),
    "git: refused": (*("GitPython", "NETWORK_ERROR", lambda: by_git(url("closed", "/orders.git"))),),
    "git: 401": ("GitPython", "AUTHENTICATION_ERROR", lambda: by_git(url("http", "/status/401"))),
    **every(
        "webdav",
        "webdav4",
        by_webdav,
        {
            "/status/401": "AUTHENTICATION_ERROR",
            "/status/423": "UNKNOWN_ERROR",
            "/status/507": "RESOURCE_EXHAUSTED",
        },
    ),
    "portalocker: locked": ("portalocker", "UNKNOWN_ERROR", locked_file),
    "sh: exit code 3": ("sh", "EXECUTION_FAILED", lambda: sh.sh("-c", "exit 3")),
    "sh: no such program": ("sh", "EXECUTION_FAILED", lambda: sh.Command("no-such-program")),
    "sh: too slow": ("sh", "TIMEOUT", lambda: sh.sleep(5, _timeout=0.1)),
    "dbutils: a full pool": ("DBUtils", "RESOURCE_EXHAUSTED", full_dbutils),
    "func-timeout: too slow": (
        *("func-timeout", "TIMEOUT", lambda: func_timeout.func_timeout(0.05, time.sleep, [1])),
    ),
    "pebble: too slow": ("Pebble", "TIMEOUT", slow_pebble),
    "anyio: refused": (
        "anyio",
        "NETWORK_ERROR",
        lambda: anyio.run(anyio.connect_tcp, HOST, port("closed")),
    ),
    "trio: too slow": ("trio", "TIMEOUT", slow_trio),
    "trio: refused": (
        "trio",
        "NETWORK_ERROR",
        lambda: trio.run(trio.open_tcp_stream, HOST, port("closed")),
    ),
}
