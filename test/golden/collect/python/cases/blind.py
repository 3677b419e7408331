"""The blind set."""

import asyncio
import io

import aio_pika
import aiosmtplib
import cassandra.cluster
import celery
import cerberus
import clickhouse_connect
import confluent_kafka
import django
import fastavro
import google.cloud.storage
import grpc
import lxml.etree
import mysql.connector
import nats
import neo4j
import openai
import orjson
import peewee
import pg8000.dbapi
import psycopg2
import psycopg2.pool
import pybreaker
import stripe
import tenacity
import urllib3
import voluptuous
from azure.storage.queue import QueueClient
from django.conf import settings
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.protobuf import json_format, struct_pb2
from ports import HOST, port, url

from .every import every


def by_urllib3(where, **options):
    options = {"timeout": 0.2, "retries": False, **options}
    urllib3.PoolManager().request("GET", where, **options).json()


def by_psycopg2(peer="postgres", user="app", sql="SELECT 1", **more):
    where = {"host": HOST, "port": port(peer), "user": user, "password": "x", "dbname": "shop"}
    psycopg2.connect(**where, **more).cursor().execute(sql)


def full_psycopg2():
    where = {"host": HOST, "port": port("postgres"), "user": "app", "dbname": "shop"}
    pool = psycopg2.pool.SimpleConnectionPool(1, 1, **where)
    pool.getconn()
    pool.getconn()


def by_pg8000(peer="postgres", user="app", sql="SELECT 1"):
    where = {"host": HOST, "port": port(peer), "user": user, "password": "x", "timeout": 0.3}
    pg8000.dbapi.connect(**where).cursor().execute(sql)


def by_mysql(peer="mysql", user="app", sql="SELECT 1"):
    where = {"host": HOST, "port": port(peer), "user": user, "password": "x"}
    options = {"connection_timeout": 1, "use_pure": True, "ssl_disabled": True}
    connection = mysql.connector.connect(**where, **options)
    connection.cursor().execute(sql)


def by_peewee(peer="postgres", user="app", sql="SELECT 1"):
    where = {"host": HOST, "port": port(peer), "user": user, "password": "x"}
    peewee.PostgresqlDatabase("shop", **where).execute_sql(sql)


def by_django(peer="postgres", user="app", sql="SELECT 1"):
    where = {"HOST": HOST, "PORT": port(peer), "USER": user, "PASSWORD": "x", "NAME": "shop"}
    if not settings.configured:
        settings.configure(USE_TZ=True)
        django.setup()
    from django.db.utils import ConnectionHandler

    engine = {"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"connect_timeout": 1}}
    handler = ConnectionHandler({"default": {**engine, **where}})
    with handler["default"].cursor() as cursor:
        cursor.execute(sql)


def invalid_django():
    from django.core.validators import validate_email

    if not settings.configured:
        settings.configure(USE_I18N=False)
    validate_email("x")


def by_aio_pika(peer="amqp", user="app", queue="orders"):
    async def act():
        where = f"amqp://{user}:x@{HOST}:{port(peer)}/"
        connection = await aio_pika.connect(where, timeout=0.5)
        channel = await connection.channel()
        await channel.declare_queue(queue, timeout=0.5)

    asyncio.run(act())


def by_nats(peer="nats", act=None, **options):
    async def run():
        where = f"nats://{HOST}:{port(peer)}"
        once = {"allow_reconnect": False, "max_reconnect_attempts": 0, "connect_timeout": 0.3}
        connection = await nats.connect(where, **once, **options)
        await act(connection)

    asyncio.run(run())


def by_confluent(peer, act):
    act({"bootstrap.servers": f"{HOST}:{port(peer)}", "log_level": 0, "socket.timeout.ms": 300})


def produce(config):
    failed = []
    producer = confluent_kafka.Producer({**config, "message.timeout.ms": 300})
    producer.produce("orders", b"1", on_delivery=lambda error, _: failed.append(error))
    producer.flush(5)
    raise confluent_kafka.KafkaException(failed[0])


def fill(config):
    producer = confluent_kafka.Producer({**config, "queue.buffering.max.messages": 1})
    producer.produce("orders", b"1")
    producer.produce("orders", b"2")


def list_topics(config):
    confluent_kafka.Consumer({**config, "group.id": "shop"}).list_topics(timeout=0.3)


def by_smtp(peer="smtp", to="b@example.com", **login):
    message = "From: a@example.com\nSubject: x\n\nx"
    options = {"hostname": HOST, "port": port(peer), "timeout": 0.5, "start_tls": False, **login}
    asyncio.run(aiosmtplib.send(message, sender="a@example.com", recipients=[to], **options))


def by_celery(peer):
    app = celery.Celery(broker=f"amqp://app:x@{HOST}:{port(peer)}//")
    options = {"retry": False, "connection": app.connection(connect_timeout=1)}
    app.send_task("ship", **options)


def by_stripe(error, peer="api"):
    client = stripe.StripeClient(
        "sk_test",
        base_addresses={"api": url(peer, "")},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=0.3),
    )
    client.v1.customers.retrieve(f"fail_stripe_{error}")


def by_openai(error, peer="api"):
    options = {"base_url": url(peer, "/v1"), "max_retries": 0, "timeout": 0.3}
    openai.OpenAI(api_key="sk", **options).models.retrieve(f"fail_openai_{error}")


def by_azure(error, peer="api"):
    where = url(peer, f"/shop/fail_azure_{error}")
    QueueClient.from_queue_url(where, credential="c2VjcmV0", retry_total=0).send_message("1")


def by_storage(error, peer="api"):
    options = ClientOptions(api_endpoint=url(peer, ""))
    to = {"project": "shop", "credentials": AnonymousCredentials(), "client_options": options}
    google.cloud.storage.Client(**to).get_bucket(f"fail_google_{error}", retry=None, timeout=0.3)


def by_pubsub(code, peer="grpc"):
    channel = grpc.insecure_channel(f"{HOST}:{port(peer)}")
    client = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
    PublisherClient.publish(
        client,
        topic=f"projects/shop/topics/fail_{code}",
        messages=[{"data": b"1"}],
        retry=None,
        timeout=0.5,
    )


def by_clickhouse(error, peer="api"):
    where = {"host": HOST, "port": port(peer), "username": f"fail_clickhouse_{error}"}
    options = {"connect_timeout": 1, "send_receive_timeout": 1, "query_retries": 0}
    clickhouse_connect.get_client(**where, **options, database=f"fail_clickhouse_{error}")


def by_cassandra(peer):
    cassandra.cluster.Cluster([HOST], port=port(peer), connect_timeout=0.5).connect()


def by_neo4j(peer):
    options = {"connection_timeout": 0.5, "connection_acquisition_timeout": 1}
    neo4j.GraphDatabase.driver(
        f"bolt://{HOST}:{port(peer)}", auth=("app", "x"), **options
    ).verify_connectivity()


def by_celery_result():
    celery.Celery(backend="cache+memory://").AsyncResult("1").get(timeout=0.1)


def give_up():
    @tenacity.retry(stop=tenacity.stop_after_attempt(2))
    def call():
        by_urllib3(url("closed"))

    call()


def open_breaker():
    breaker = pybreaker.CircuitBreaker(fail_max=1)
    breaker.call(lambda: by_urllib3(url("closed")))


AVRO = fastavro.parse_schema(
    {"type": "record", "name": "Order", "fields": [{"name": "id", "type": "int"}]}
)


def to_avro(value):
    fastavro.schemaless_writer(io.BytesIO(), AVRO, value)


CASES = {
    "urllib3: refused": ("urllib3", "NETWORK_ERROR", lambda: by_urllib3(url("closed"))),
    "urllib3: no answer": ("urllib3", "TIMEOUT", lambda: by_urllib3(url("http", "/hang"))),
    "urllib3: connecting too slow": ("urllib3", "TIMEOUT", lambda: by_urllib3(url("stalled"))),
    "urllib3: a body that was cut": (
        *("urllib3", "NETWORK_ERROR", lambda: by_urllib3(url("http", "/cut"))),
    ),
    "urllib3: redirected in a circle": (
        "urllib3",
        "WEBHOOK_FAILED",
        lambda: by_urllib3(url("http", "/loop"), retries=2),
    ),
    **every(
        "psycopg2",
        "psycopg2-binary",
        lambda state: by_psycopg2(sql=f"fail_{state}"),
        {
            "22P02": "VALIDATION_FAILED",
            "23503": "VALIDATION_FAILED",
            "40P01": "UNKNOWN_ERROR",
            "42601": "EXECUTION_FAILED",
            "53200": "RESOURCE_EXHAUSTED",
            "57014": "TIMEOUT",
        },
    ),
    "psycopg2: a wrong password": (
        *("psycopg2-binary", "AUTHENTICATION_ERROR", lambda: by_psycopg2(user="fail_28P01")),
    ),
    "psycopg2: refused": ("psycopg2-binary", "NETWORK_ERROR", lambda: by_psycopg2("closed")),
    "psycopg2: no answer": (
        *("psycopg2-binary", "TIMEOUT", lambda: by_psycopg2("silent", connect_timeout=2)),
    ),
    "psycopg2: a full pool": ("psycopg2-binary", "RESOURCE_EXHAUSTED", full_psycopg2),
    "pg8000: refused": ("pg8000", "NETWORK_ERROR", lambda: by_pg8000("closed")),
    "pg8000: a wrong password": (
        *("pg8000", "AUTHENTICATION_ERROR", lambda: by_pg8000(user="fail_28P01")),
    ),
    "pg8000: a duplicate": ("pg8000", "VALIDATION_FAILED", lambda: by_pg8000(sql="fail_23505")),
    "pg8000: no answer": ("pg8000", "TIMEOUT", lambda: by_pg8000("silent")),
    "mysql-connector: refused": (
        *("mysql-connector-python", "NETWORK_ERROR", lambda: by_mysql("closed")),
    ),
    "mysql-connector: no greeting": (
        *("mysql-connector-python", "TIMEOUT", lambda: by_mysql("silent")),
    ),
    **every(
        "mysql-connector",
        "mysql-connector-python",
        lambda code: by_mysql(sql=f"fail_{code}"),
        {
            "1062": "VALIDATION_FAILED",
            "1142": "AUTHENTICATION_ERROR",
            "1146": "EXECUTION_FAILED",
            "1205": "TIMEOUT",
            "1213": "UNKNOWN_ERROR",
        },
    ),
    "peewee: a duplicate": ("peewee", "VALIDATION_FAILED", lambda: by_peewee(sql="fail_23505")),
    "peewee: refused": ("peewee", "NETWORK_ERROR", lambda: by_peewee("closed")),
    "peewee: a missing table": ("peewee", "EXECUTION_FAILED", lambda: by_peewee(sql="fail_42P01")),
    "django: refused": ("Django", "NETWORK_ERROR", lambda: by_django("closed")),
    "django: a duplicate": ("Django", "VALIDATION_FAILED", lambda: by_django(sql="fail_23505")),
    "django: a missing table": (
        *("Django", "EXECUTION_FAILED", lambda: by_django(sql="fail_42P01")),
    ),
    "django: not an address": ("Django", "VALIDATION_FAILED", invalid_django),
    "aio-pika: refused": ("aio-pika", "NETWORK_ERROR", lambda: by_aio_pika("closed")),
    "aio-pika: no answer": ("aio-pika", "TIMEOUT", lambda: by_aio_pika("silent")),
    "aio-pika: a wrong password": ("aio-pika", "AUTHENTICATION_ERROR", lambda: by_aio_pika(user="fail_403")),
    "aio-pika: no access": ("aio-pika", "AUTHENTICATION_ERROR", lambda: by_aio_pika(queue="fail_403")),
    "aio-pika: a missing queue": (
        *("aio-pika", "UNKNOWN_ERROR", lambda: by_aio_pika(queue="fail_404")),
    ),
    "nats: a wrong password": (
        *("nats-py", "AUTHENTICATION_ERROR", lambda: by_nats(user="fail_login", password="x")),
    ),
    "nats: no responders": (
        "nats-py",
        "NETWORK_ERROR",
        lambda: by_nats(act=lambda connection: connection.request("orders", b"1", 0.3)),
    ),
    "nats: no response": (
        "nats-py",
        "TIMEOUT",
        lambda: by_nats(act=lambda connection: connection.request("orders.slow", b"1", 0.3)),
    ),
    "nats: too large": (
        "nats-py",
        "VALIDATION_FAILED",
        lambda: by_nats(act=lambda connection: connection.publish("orders", b"1" * 5000)),
    ),
    "confluent-kafka: no delivery in time": (
        *("confluent-kafka", "TIMEOUT", lambda: by_confluent("silent", produce)),
    ),
    "confluent-kafka: full": (
        *("confluent-kafka", "RESOURCE_EXHAUSTED", lambda: by_confluent("silent", fill)),
    ),
    "confluent-kafka: refused": (
        *("confluent-kafka", "NETWORK_ERROR", lambda: by_confluent("closed", list_topics)),
    ),
    "aiosmtplib: refused": ("aiosmtplib", "NETWORK_ERROR", lambda: by_smtp("closed")),
    "aiosmtplib: no greeting": ("aiosmtplib", "TIMEOUT", lambda: by_smtp("silent")),
    "aiosmtplib: a wrong password": (
        *("aiosmtplib", "AUTHENTICATION_ERROR", lambda: by_smtp(username="app", password="x")),
    ),
    "celery: refused": ("celery", "NETWORK_ERROR", lambda: by_celery("closed")),
    "celery: no result in time": ("celery", "TIMEOUT", by_celery_result),
    **every(
        "stripe",
        "stripe",
        by_stripe,
        {
            "card": "WEBHOOK_FAILED",
            "down": "WEBHOOK_FAILED",
            "integer": "VALIDATION_FAILED",
            "key": "AUTHENTICATION_ERROR",
            "rate": "RESOURCE_EXHAUSTED",
        },
    ),
    "stripe: refused": ("stripe", "NETWORK_ERROR", lambda: by_stripe("x", "closed")),
    "stripe: no answer": ("stripe", "TIMEOUT", lambda: by_stripe("x", "silent")),
    **every(
        "openai",
        "openai",
        by_openai,
        {"key": "AUTHENTICATION_ERROR", "quota": "RESOURCE_EXHAUSTED"},
    ),
    "openai: refused": ("openai", "NETWORK_ERROR", lambda: by_openai("x", "closed")),
    "openai: no answer": ("openai", "TIMEOUT", lambda: by_openai("x", "silent")),
    **every(
        "azure queue",
        "azure-storage-queue",
        by_azure,
        {
            "access": "AUTHENTICATION_ERROR",
            "busy": "RESOURCE_EXHAUSTED",
            "missing": "WEBHOOK_FAILED",
            "value": "VALIDATION_FAILED",
        },
    ),
    "azure queue: refused": (
        *("azure-storage-queue", "NETWORK_ERROR", lambda: by_azure("x", "closed")),
    ),
    **every(
        "google storage",
        "google-cloud-storage",
        by_storage,
        {
            "access": "AUTHENTICATION_ERROR",
            "backend": "WEBHOOK_FAILED",
            "missing": "WEBHOOK_FAILED",
            "rate": "RESOURCE_EXHAUSTED",
        },
    ),
    **every(
        "google pubsub",
        "google-cloud-pubsub",
        by_pubsub,
        {
            "3": "VALIDATION_FAILED",
            "7": "AUTHENTICATION_ERROR",
            "8": "RESOURCE_EXHAUSTED",
            "14": "NETWORK_ERROR",
            "hang": "TIMEOUT",
        },
    ),
    **every(
        "clickhouse",
        "clickhouse-connect",
        by_clickhouse,
        {"login": "AUTHENTICATION_ERROR", "memory": "RESOURCE_EXHAUSTED"},
    ),
    "clickhouse: refused": (
        *("clickhouse-connect", "NETWORK_ERROR", lambda: by_clickhouse("x", "closed")),
    ),
    "cassandra: refused": (
        *("cassandra-driver", "NETWORK_ERROR", lambda: by_cassandra("closed")),
    ),
    "neo4j: refused": ("neo4j", "NETWORK_ERROR", lambda: by_neo4j("closed")),
    "tenacity: refused twice": ("tenacity", "NETWORK_ERROR", give_up),
    "pybreaker: opened by a refusal": ("pybreaker", "NETWORK_ERROR", open_breaker),
    "cerberus: no schema": (
        *("Cerberus", "EXECUTION_FAILED", lambda: cerberus.Validator({"id": {"type": "x"}})),
    ),
    "voluptuous: a wrong type": (
        *("voluptuous", "VALIDATION_FAILED", lambda: voluptuous.Schema({"id": int})({"id": "x"})),
    ),
    "fastavro: a wrong type": ("fastavro", "VALIDATION_FAILED", lambda: to_avro({"id": "x"})),
    "orjson: HTML": ("orjson", "VALIDATION_FAILED", lambda: orjson.loads("<html>")),
    "orjson: not a JSON value": ("orjson", "EXECUTION_FAILED", lambda: orjson.dumps(object())),
    "lxml: an open tag": ("lxml", "VALIDATION_FAILED", lambda: lxml.etree.fromstring("<a><b></a>")),
    "protobuf: a cut list": (
        "protobuf",
        "VALIDATION_FAILED",
        lambda: json_format.Parse("[1", struct_pb2.Struct()),
    ),
}
