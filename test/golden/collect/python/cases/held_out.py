"""The held-out set."""

import asyncio
import contextlib
import io
import tempfile
import time
from dataclasses import dataclass

import aiosqlite
import argon2
import arrow
import asyncssh
import authlib.jose
import azure.storage.blob
import bcrypt
import cbor2
import circuitbreaker
import dacite
import dramatiq
import duckdb
import email_validator
import fastjsonschema
import filelock
import github
import googleapiclient.discovery
import gql
import httplib2
import hvac
import imapclient
import jinja2
import kubernetes
import mako.template
import mongoengine
import openpyxl
import oracledb
import paho.mqtt.client
import pandas
import pendulum
import phonenumbers
import PIL.Image
import pypdf
import qdrant_client
import ratelimit
import requests
import requests_oauthlib
import sendgrid
import stomp
import tortoise
import twilio.rest
import ujson
import websocket
import zeep
import zmq
from django.conf import settings
from cryptography.fernet import Fernet
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from gql.transport.requests import RequestsHTTPTransport
from jose import jwt as jose_jwt
from oauthlib.oauth2 import BackendApplicationClient
from ports import HOST, port, url

from .every import every, limit_of


def by_tortoise(sql, peer="postgres", user="app"):
    async def act():
        where = f"asyncpg://{user}:x@{HOST}:{port(peer)}/shop?minsize=0&maxsize=1&timeout=1"
        await tortoise.Tortoise.init(db_url=where, modules={"models": ["cases"]})
        await tortoise.Tortoise.get_connection("default").execute_query(sql)

    asyncio.run(act())


class Person(mongoengine.Document):
    email = mongoengine.EmailField(required=True)
    name = mongoengine.StringField()


def by_mongoengine(peer, email="a@example.com", collection="people"):
    mongoengine.disconnect_all()
    where = {"host": HOST, "port": port(peer), "serverSelectionTimeoutMS": 300}
    mongoengine.connect("shop", uuidRepresentation="standard", **where)
    with mongoengine.context_managers.switch_collection(Person, collection) as People:
        People(email=email).save(force_insert=True)


def by_duckdb(sql):
    database = duckdb.connect()
    database.execute("CREATE TABLE orders(id INT PRIMARY KEY, name TEXT NOT NULL)")
    database.execute("INSERT INTO orders VALUES (1, 'a')")
    database.execute(sql)


def by_aiosqlite(sql):
    async def act():
        async with aiosqlite.connect(":memory:") as database:
            await database.execute("CREATE TABLE orders(id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
            await database.execute("INSERT INTO orders VALUES (1, 'a')")
            await database.execute(sql)

    asyncio.run(act())


def by_oracle(peer):
    where = {"host": HOST, "port": port(peer), "service_name": "shop", "tcp_connect_timeout": 1}
    oracledb.connect(user="app", password="x", **where)


def by_qdrant(peer, path=""):
    client = qdrant_client.QdrantClient(url=url(peer, path), timeout=1, check_compatibility=False)
    client.get_collections()


def by_vault(error, peer="api"):
    client = hvac.Client(url(peer, ""), token="x", timeout=limit_of(error))
    client.secrets.kv.v2.read_secret(f"fail_vault_{error}")


def by_kubernetes(error, peer="api"):
    settings = kubernetes.client.Configuration(host=url(peer, ""))
    settings.retries = False
    api = kubernetes.client.CoreV1Api(kubernetes.client.ApiClient(settings))
    api.read_namespaced_pod(f"fail_kubernetes_{error}", "shop")


def by_blob(error, peer="api"):
    client = azure.storage.blob.BlobServiceClient(
        url(peer, "/shop"),
        credential={"account_name": "shop", "account_key": "c2VjcmV0"},
        **{"retry_total": 0, "read_timeout": limit_of(error)},
    )
    client.get_blob_client(f"fail_azure_{error}", "a").upload_blob(b"1", overwrite=True)


class ToApi:
    """Sends requests for Twilio to a local server."""

    def request(self, method, uri, *_, **__):
        answer = requests.request(method, uri.replace("https://api.twilio.com", url("api", "")))
        return twilio.http.response.Response(answer.status_code, answer.text)


def by_twilio(error):
    twilio.rest.Client("AC1", "x", http_client=ToApi()).messages(f"fail_twilio_{error}").fetch()


def by_sendgrid(error, peer="api"):
    client = sendgrid.SendGridAPIClient("SG.x", host=url(peer, ""))
    client.send({"subject": f"fail_sendgrid_{error}"})


def by_github(error, peer="api"):
    hub = github.Github(auth=github.Auth.Token("x"), base_url=url(peer, ""), retry=None, timeout=2)
    hub.get_repo(f"shop/fail_github_{error}")


def by_googleapi(error, peer="api"):
    service = googleapiclient.discovery.build(
        *("storage", "v1"),
        **{"http": httplib2.Http(timeout=5), "static_discovery": True},
        client_options={"api_endpoint": url(peer, "")},
    )
    service.buckets().get(bucket=f"fail_google_{error}").execute()


def by_gql(error, peer="api"):
    transport = RequestsHTTPTransport(url(peer, f"/fail_graphql_{error}"), timeout=limit_of(error))
    gql.Client(transport=transport).execute(gql.gql("{ orders { id } }"))


def by_gql_status(path):
    transport = RequestsHTTPTransport(url("http", path), timeout=limit_of(path))
    gql.Client(transport=transport).execute(gql.gql("{ orders { id } }"))


def by_oauth(error):
    client = BackendApplicationClient(client_id="app")
    session = requests_oauthlib.OAuth2Session(client=client)
    where = url("api", f"/fail_oauth_{error}").replace("http:", "https:")
    session.mount(where, ToHttp())
    session.fetch_token(where, client_secret="x")


class ToHttp(requests.adapters.HTTPAdapter):
    """Sends without TLS, which OAuth demands."""

    def send(self, request, **options):
        request.url = request.url.replace("https:", "http:")
        return super().send(request, **options)


WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
xmlns:t="urn:t" xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t">
<message name="A"><part name="id" type="x:string"/></message><message name="B"/>
<portType name="P"><operation name="Get"><input message="t:A"/><output message="t:B"/></operation></portType>
<binding name="Q" type="t:P"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="Get"><s:operation soapAction=""/>
<input><s:body use="literal"/></input><output><s:body use="literal"/></output></operation></binding>
<service name="S"><port name="R" binding="t:Q"><s:address location="ADDRESS"/></port></service></definitions>"""


def by_soap(error, where=None):
    transport = zeep.Transport(operation_timeout=limit_of(where or ""))
    wsdl = WSDL.replace("ADDRESS", where or url("api"))
    zeep.Client(io.BytesIO(wsdl.encode()), transport=transport).service.Get(f"fail_soap_{error}")


def by_dramatiq(broker):
    @dramatiq.actor(broker=broker, queue_name="orders")
    def order():
        pass

    order.send()


def by_stomp(peer):
    connection = stomp.Connection([(HOST, port(peer))], reconnect_attempts_max=1, timeout=0.3)
    connection.connect("app", "x", wait=True)


def by_paho(peer):
    client = paho.mqtt.client.Client(paho.mqtt.client.CallbackAPIVersion.VERSION2)
    client.connect_timeout = 0.5
    client.connect(HOST, port(peer))


def by_zmq():
    socket = zmq.Context().socket(zmq.REQ)
    socket.setsockopt(zmq.RCVTIMEO, 100)
    socket.setsockopt(zmq.LINGER, 0)
    socket.connect(f"tcp://{HOST}:{port('silent')}")
    socket.send(b"1")
    socket.recv()


def by_ssh(peer):
    async def act():
        where = {"host": HOST, "port": port(peer), "known_hosts": None, "connect_timeout": 0.5}
        await asyncssh.connect(username="app", password="x", config=None, **where)

    asyncio.run(act())


def by_imap(peer):
    client = imapclient.IMAPClient(HOST, port(peer), ssl=False, timeout=0.5)
    client.login("app", "x")


def by_websocket(peer, path="/"):
    websocket.create_connection(url(peer, path).replace("http", "ws"), timeout=limit_of(path))


def locked(lock):
    with filelock.FileLock(lock), filelock.FileLock(lock, timeout=0.05, is_singleton=False):
        pass


def used_up():
    @ratelimit.limits(calls=1, period=60)
    def call():
        pass

    call()
    call()


def open_breaker():
    @circuitbreaker.circuit(failure_threshold=1)
    def call():
        raise ValueError("x")

    with contextlib.suppress(ValueError):
        call()
    call()


SECRET = b"a secret of at least thirty-two bytes"


def signed():
    return authlib.jose.jwt.encode({"alg": "HS256"}, {"exp": int(time.time()) - 60}, SECRET)


def expired():
    authlib.jose.jwt.decode(signed(), SECRET).validate()


def by_rest_framework():
    settings.configured or settings.configure(USE_I18N=False)
    from rest_framework import serializers  # needs settings

    class Orders(serializers.Serializer):
        id = serializers.IntegerField()

    Orders(data={"id": "x"}).is_valid(raise_exception=True)


@dataclass
class Order:
    id: int


FRAME = pandas.DataFrame({"id": [1, 2]})
SCHEMA = {"type": "object", "properties": {"id": {"type": "integer"}}}

CASES = {
    **every(
        "tortoise",
        "tortoise-orm",
        lambda state: by_tortoise(f"fail_{state}"),
        {
            "23505": "VALIDATION_FAILED",
            "42P01": "EXECUTION_FAILED",
            "40P01": "UNKNOWN_ERROR",
            "57014": "TIMEOUT",
        },
    ),
    "tortoise: refused": (
        *("tortoise-orm", "NETWORK_ERROR", lambda: by_tortoise("SELECT 1", "closed")),
    ),
    **every(
        "mongoengine",
        "mongoengine",
        lambda code: by_mongoengine("mongodb", collection=f"fail_{code}"),
        {"11000": "VALIDATION_FAILED", "13": "AUTHENTICATION_ERROR", "50": "TIMEOUT"},
    ),
    "mongoengine: not an address": (
        *("mongoengine", "VALIDATION_FAILED", lambda: by_mongoengine("mongodb", "x")),
    ),
    "mongoengine: refused": ("mongoengine", "NETWORK_ERROR", lambda: by_mongoengine("closed")),
    **every(
        "duckdb",
        "duckdb",
        by_duckdb,
        {
            "INSERT INTO orders VALUES (1, 'b')": "VALIDATION_FAILED",
            "SELECT 'x'::INT": "VALIDATION_FAILED",
            "SELECT * FROM customers": "EXECUTION_FAILED",
            "SELCT 1": "EXECUTION_FAILED",
        },
    ),
    **every(
        "aiosqlite",
        "aiosqlite",
        by_aiosqlite,
        {
            "INSERT INTO orders VALUES (1, 'b')": "VALIDATION_FAILED",
            "SELECT total FROM orders": "EXECUTION_FAILED",
        },
    ),
    "oracledb: refused": ("oracledb", "NETWORK_ERROR", lambda: by_oracle("closed")),
    "oracledb: hung up": ("oracledb", "NETWORK_ERROR", lambda: by_oracle("hangsUp")),
    "qdrant: refused": ("qdrant-client", "NETWORK_ERROR", lambda: by_qdrant("closed")),
    "qdrant: 401": (
        *("qdrant-client", "AUTHENTICATION_ERROR", lambda: by_qdrant("http", "/status/401")),
    ),
    "qdrant: no answer": ("qdrant-client", "TIMEOUT", lambda: by_qdrant("silent")),
    **every(
        "vault",
        "hvac",
        by_vault,
        {"access": "AUTHENTICATION_ERROR", "sealed": "WEBHOOK_FAILED"},
    ),
    "vault: refused": ("hvac", "NETWORK_ERROR", lambda: by_vault("x", "closed")),
    **every(
        "kubernetes",
        "kubernetes",
        by_kubernetes,
        {
            "missing": "WEBHOOK_FAILED",
            "access": "AUTHENTICATION_ERROR",
            "rate": "RESOURCE_EXHAUSTED",
            "value": "VALIDATION_FAILED",
        },
    ),
    "kubernetes: refused": ("kubernetes", "NETWORK_ERROR", lambda: by_kubernetes("x", "closed")),
    **every(
        "azure blob",
        "azure-storage-blob",
        by_blob,
        {
            "role": "AUTHENTICATION_ERROR",
            "container": "WEBHOOK_FAILED",
            "busy": "RESOURCE_EXHAUSTED",
            "large": "VALIDATION_FAILED",
        },
    ),
    **every(
        "twilio",
        "twilio",
        by_twilio,
        {
            "login": "AUTHENTICATION_ERROR",
            "number": "VALIDATION_FAILED",
            "rate": "RESOURCE_EXHAUSTED",
        },
    ),
    **every(
        "sendgrid",
        "sendgrid",
        by_sendgrid,
        {
            "key": "AUTHENTICATION_ERROR",
            "address": "VALIDATION_FAILED",
            "rate": "RESOURCE_EXHAUSTED",
        },
    ),
    "sendgrid: refused": ("sendgrid", "NETWORK_ERROR", lambda: by_sendgrid("x", "closed")),
    **every(
        "github",
        "PyGithub",
        by_github,
        {
            "login": "AUTHENTICATION_ERROR",
            "missing": "WEBHOOK_FAILED",
            "rate": "RESOURCE_EXHAUSTED",
            "down": "WEBHOOK_FAILED",
        },
    ),
    **every(
        "googleapi",
        "google-api-python-client",
        by_googleapi,
        {
            "access": "AUTHENTICATION_ERROR",
            "rate": "RESOURCE_EXHAUSTED",
            "backend": "WEBHOOK_FAILED",
        },
    ),
    **every(
        "gql",
        "gql",
        by_gql,
        {
            "field": "EXECUTION_FAILED",
            "input": "VALIDATION_FAILED",
            "login": "AUTHENTICATION_ERROR",
        },
    ),
    **every(
        "gql",
        "gql",
        by_gql_status,
        {"/status/503": "WEBHOOK_FAILED", "/status/401": "AUTHENTICATION_ERROR", "/hang": "TIMEOUT"},
    ),
    **every(
        "oauth",
        "requests-oauthlib",
        by_oauth,
        {"grant": "AUTHENTICATION_ERROR", "client": "AUTHENTICATION_ERROR"},
    ),
    **every(
        "soap",
        "zeep",
        by_soap,
        {"server": "WEBHOOK_FAILED", "client": "VALIDATION_FAILED"},
    ),
    "soap: 503": ("zeep", "WEBHOOK_FAILED", lambda: by_soap("x", url("http", "/status/503"))),
    "soap: no answer": ("zeep", "TIMEOUT", lambda: by_soap("x", url("http", "/hang"))),
    "dramatiq: RabbitMQ refuses": (
        "dramatiq",
        "NETWORK_ERROR",
        lambda: by_dramatiq(RabbitmqBroker(url=f"amqp://{HOST}:{port('closed')}")),
    ),
    "dramatiq: Redis refuses": (
        "dramatiq",
        "NETWORK_ERROR",
        lambda: by_dramatiq(RedisBroker(host=HOST, port=port("closed"))),
    ),
    "stomp: refused": ("stomp.py", "NETWORK_ERROR", lambda: by_stomp("closed")),
    "paho: refused": ("paho-mqtt", "NETWORK_ERROR", lambda: by_paho("closed")),
    "paho: connecting too slow": ("paho-mqtt", "TIMEOUT", lambda: by_paho("stalled")),
    "zmq: no answer": ("pyzmq", "TIMEOUT", by_zmq),
    "asyncssh: refused": ("asyncssh", "NETWORK_ERROR", lambda: by_ssh("closed")),
    "asyncssh: no answer": ("asyncssh", "TIMEOUT", lambda: by_ssh("silent")),
    "asyncssh: hung up": ("asyncssh", "NETWORK_ERROR", lambda: by_ssh("hangsUp")),
    "imapclient: a wrong password": (
        *("IMAPClient", "AUTHENTICATION_ERROR", lambda: by_imap("imap")),
    ),
    "imapclient: no greeting": ("IMAPClient", "TIMEOUT", lambda: by_imap("silent")),
    "websocket-client: refused": (
        *("websocket-client", "NETWORK_ERROR", lambda: by_websocket("closed")),
    ),
    "websocket-client: 403": (
        *("websocket-client", "AUTHENTICATION_ERROR", lambda: by_websocket("http", "/status/403")),
    ),
    "websocket-client: no handshake": (
        *("websocket-client", "TIMEOUT", lambda: by_websocket("http", "/hang")),
    ),
    "filelock: locked": (
        *("filelock", "TIMEOUT", lambda: locked(f"{tempfile.mkdtemp()}/orders.lock")),
    ),
    "ratelimit: used up": ("ratelimit", "RESOURCE_EXHAUSTED", used_up),
    "circuitbreaker: open": ("circuitbreaker", "UNKNOWN_ERROR", open_breaker),
    "authlib: expired": ("Authlib", "AUTHENTICATION_ERROR", expired),
    "authlib: a wrong signature": (
        "Authlib",
        "AUTHENTICATION_ERROR",
        lambda: authlib.jose.jwt.decode(f"{signed().decode()[:-4]}AAAA", SECRET),
    ),
    "python-jose: not a token": (
        *("python-jose", "AUTHENTICATION_ERROR", lambda: jose_jwt.decode("x.y", "k", "HS256")),
    ),
    "argon2: a wrong password": (
        "argon2-cffi",
        "AUTHENTICATION_ERROR",
        lambda: argon2.PasswordHasher().verify(argon2.PasswordHasher().hash("a"), "b"),
    ),
    "bcrypt: not a hash": ("bcrypt", "VALIDATION_FAILED", lambda: bcrypt.checkpw(b"a", b"x")),
    "cryptography: another key": (
        "cryptography",
        "AUTHENTICATION_ERROR",
        lambda: Fernet(Fernet.generate_key()).decrypt(Fernet(Fernet.generate_key()).encrypt(b"x")),
    ),
    "jinja2: an unknown name": (
        "Jinja2",
        "EXECUTION_FAILED",
        lambda: jinja2.Template("{{ order.id }}").render(),
    ),
    "jinja2: an open tag": ("Jinja2", "EXECUTION_FAILED", lambda: jinja2.Template("{% if a %}")),
    "jinja2: a missing template": (
        "Jinja2",
        "EXECUTION_FAILED",
        lambda: jinja2.Environment(loader=jinja2.DictLoader({})).get_template("order.html"),
    ),
    "mako: an open tag": (
        *("Mako", "EXECUTION_FAILED", lambda: mako.template.Template("% if a:\n")),
    ),
    "pandas: a missing column": ("pandas", "EXECUTION_FAILED", lambda: FRAME["total"]),
    "pandas: a row too long": (
        "pandas",
        "VALIDATION_FAILED",
        lambda: pandas.read_csv(io.StringIO("a,b\n1,2\n1,2,3\n")),
    ),
    "pandas: not a date": ("pandas", "VALIDATION_FAILED", lambda: pandas.to_datetime("soon")),
    "pandas: an empty file": (
        *("pandas", "VALIDATION_FAILED", lambda: pandas.read_csv(io.StringIO(""))),
    ),
    "openpyxl: not a ZIP file": (
        *("openpyxl", "VALIDATION_FAILED", lambda: openpyxl.load_workbook(io.BytesIO(b"x"))),
    ),
    "Pillow: not an image": (
        *("Pillow", "VALIDATION_FAILED", lambda: PIL.Image.open(io.BytesIO(b"<html>"))),
    ),
    "pypdf: cut off": ("pypdf", "VALIDATION_FAILED", lambda: pypdf.PdfReader(io.BytesIO(b"%PDF-"))),
    "cbor2: cut off": ("cbor2", "VALIDATION_FAILED", lambda: cbor2.loads(b"\x82\x01")),
    "ujson: cut off": ("ujson", "VALIDATION_FAILED", lambda: ujson.loads('{"id": ')),
    "djangorestframework: not a number": (
        *("djangorestframework", "VALIDATION_FAILED", by_rest_framework),
    ),
    "email-validator: not an address": (
        *("email-validator", "VALIDATION_FAILED", lambda: email_validator.validate_email("x")),
    ),
    "phonenumbers: not a number": (
        *("phonenumbers", "VALIDATION_FAILED", lambda: phonenumbers.parse("x")),
    ),
    "fastjsonschema: a wrong type": (
        *("fastjsonschema", "VALIDATION_FAILED"),
        lambda: fastjsonschema.validate(SCHEMA, {"id": "x"}),
    ),
    "dacite: a wrong type": (
        *("dacite", "VALIDATION_FAILED", lambda: dacite.from_dict(Order, {"id": "x"})),
    ),
    "pendulum: not a date": ("pendulum", "VALIDATION_FAILED", lambda: pendulum.parse("soon")),
    "arrow: not a date": ("arrow", "VALIDATION_FAILED", lambda: arrow.get("soon")),
}
