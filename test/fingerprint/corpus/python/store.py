import sqlite3

import psycopg
import redis
import sqlalchemy

from . import peers


def connect(**options):
    return psycopg.connect(host="127.0.0.1", port=peers.port("POSTGRES"), user="app", dbname="postgres", **options)


def execute(sql, *values):
    with connect() as db:
        db.execute(sql, values)


def insert_order(order):
    execute(
        "insert into orders (id, customer_id, total, currency) values (%s, %s, %s, %s)",
        *(order.get(name) for name in ("id", "customer_id", "total", "currency")),
    )


def insert_customer(draw, email, name="A"):
    execute("insert into customers values (%s, %s, %s)", draw["order"] + 100, email, name)


def find(table, draw):
    execute(f"select * from {table} where id = {draw['order']}")


def set_status(draw):
    execute("update orders set status = %s where id = %s", draw["status"], draw["order"])


def slow(draw):
    with connect(options=f"-c statement_timeout={int(draw['wait_s'] * 100)}") as db:
        db.execute("select pg_sleep(2)")


def order(draw, **changes):
    return {"id": draw["order"] + 100_000, "customer_id": 1, "total": 10, "currency": "EUR", **changes}


def by_alchemy(table, draw):
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.begin() as db:
        db.execute(sqlalchemy.text("create table orders (id int primary key, email text unique)"))
        db.execute(sqlalchemy.text("insert into orders values (:id, :email)"), {"id": draw["order"], "email": draw["email"]})
        sql = sqlalchemy.text(f"insert into {table} (id, email) values (:id, :email)")
        db.execute(sql, {"id": draw["order"], "email": draw["name"]})


def by_sqlite(sql, *values):
    db = sqlite3.connect(":memory:")
    db.execute("create table items (id int primary key, sku text not null)")
    db.execute("insert into items values (?, 'a')", values[:1])
    db.execute(sql, values)


def push(draw):
    cache = redis.Redis(port=peers.port("REDIS"))
    cache.set(f"cart:{draw['order']}", "x")
    cache.lpush(f"cart:{draw['order']}", 1)


def count(draw):
    cache = redis.Redis(port=peers.port("REDIS"))
    cache.set(f"visits:{draw['uuid']}", draw["word"])
    cache.incr(f"visits:{draw['uuid']}")


def cached(draw, port):
    cache = redis.Redis(host="cache.internal", port=port, socket_timeout=draw["wait_s"], retry=None)
    return cache.get(f"cart:{draw['order']}")


def read_file(draw):
    with open(f"/data/in/{draw['file']}") as file:
        return file.read()


def read_config(draw):
    with open("/etc/billing/tax.toml") as file:
        return file.read(draw["order"])


CASES = {
    "order-taken": lambda d: insert_order(order(d, id=d["order"])),
    "order-no-customer": lambda d: insert_order(order(d, customer_id=d["order"] + 50)),
    "order-total-null": lambda d: insert_order(order(d, total=None)),
    "order-currency-null": lambda d: insert_order(order(d, currency=None)),
    "order-total-check": lambda d: insert_order(order(d, total=d["amount"])),
    "order-currency-long": lambda d: insert_order(order(d, currency=d["code"])),
    "order-total-text": lambda d: insert_order(order(d, total=d["word"])),
    "customer-taken": lambda d: insert_customer(d, d["email_taken"]),
    "customer-name-long": lambda d: insert_customer(d, d["email"], d["uuid"]),
    "status-enum": set_status,
    "table-invoices": lambda d: find("invoices", d),
    "table-payments": lambda d: find("payments", d),
    "statement-timeout": slow,
    "alchemy-taken": lambda d: by_alchemy("orders", d),
    "alchemy-no-table": lambda d: by_alchemy("payments", d),
    "sqlite-taken": lambda d: by_sqlite("insert into items values (?, 'b')", d["order"]),
    "sqlite-null": lambda d: by_sqlite("insert into items values (? + 1, null)", d["order"]),
    "sqlite-no-column": lambda d: by_sqlite("select price from items where id = ?", d["order"]),
    "redis-type": push,
    "redis-integer": count,
    "redis-refused": lambda d: cached(d, peers.port("CLOSED")),
    "redis-timeout": lambda d: cached(d, peers.port("HANG")),
    "file": read_file,
    "config": read_config,
}
