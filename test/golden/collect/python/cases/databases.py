"""Clients of databases."""

import asyncio

import asyncpg
import psycopg
import pymongo
import pymysql
import sqlalchemy
from ports import HOST, port


def by_psycopg(sql=None, user="app", peer="postgres", **options):
    where = {"host": HOST, "port": port(peer), "user": user, "password": "x", "dbname": "shop"}
    with psycopg.connect(**where, **options) as connection:
        if sql is not None:
            connection.execute(sql)


def by_asyncpg(sql=None, user="app", peer="postgres", **options):
    where = {"host": HOST, "port": port(peer), "user": user, "password": "x", "database": "shop"}

    async def act():
        connection = await asyncpg.connect(**where, **options)
        if sql is not None:
            await connection.execute(sql)

    asyncio.run(act())


def by_pymysql(sql=None, user="app", peer="mysql", **options):
    where = {"host": HOST, "port": port(peer), "user": user, "password": "x", "database": "shop"}
    connection = pymysql.connect(**where, **options)
    if sql is not None:
        connection.cursor().execute(sql)


def by_alchemy(user="app", peer="mysql"):
    engine = sqlalchemy.create_engine(f"mysql+pymysql://{user}:x@{HOST}:{port(peer)}/shop")
    engine.connect()


def by_sqlite(*statements):
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sqlalchemy.text(statement))


def full_pool():
    engine = sqlalchemy.create_engine(
        "sqlite://",
        poolclass=sqlalchemy.pool.QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=0.05,
    )
    with engine.connect():
        engine.connect()


def not_one():
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("SELECT 1 WHERE 1 = 0")).one()


def failing(library, act, reasons):
    """The peer fails with the code in the statement."""
    return {
        f"{library}: error {code}": (library, reason, lambda code=code: act(f"SELECT 'fail_{code}'"))
        for code, reason in reasons.items()
    }


def by_pymongo(peer):
    client = pymongo.MongoClient(HOST, port(peer), serverSelectionTimeoutMS=300)
    client.shop.command("ping")


TABLE = "CREATE TABLE orders (id INT PRIMARY KEY, email TEXT NOT NULL)"
CASES = {
    **failing(
        "psycopg",
        by_psycopg,
        {
            "22P02": "VALIDATION_FAILED",
            "23505": "VALIDATION_FAILED",
            "23514": "VALIDATION_FAILED",
            "25006": "UNKNOWN_ERROR",
            "40001": "UNKNOWN_ERROR",
            "40P01": "UNKNOWN_ERROR",
            "42501": "AUTHENTICATION_ERROR",
            "42P01": "EXECUTION_FAILED",
            "42601": "EXECUTION_FAILED",
            "53100": "RESOURCE_EXHAUSTED",
            "53200": "RESOURCE_EXHAUSTED",
            "55P03": "TIMEOUT",
            "57014": "TIMEOUT",
            "57P01": "NETWORK_ERROR",
        },
    ),
    "psycopg: refused": ("psycopg", "NETWORK_ERROR", lambda: by_psycopg(peer="closed")),
    "psycopg: hung up": ("psycopg", "NETWORK_ERROR", lambda: by_psycopg(peer="hangsUp")),
    "psycopg: another protocol": ("psycopg", "NETWORK_ERROR", lambda: by_psycopg(peer="foreign")),
    "psycopg: connecting too slow": (
        "psycopg",
        "TIMEOUT",
        lambda: by_psycopg(peer="silent", connect_timeout=2),
    ),
    "psycopg: a wrong password": (
        "psycopg",
        "AUTHENTICATION_ERROR",
        lambda: by_psycopg(user="fail_28P01"),
    ),
    "psycopg: too many clients": (
        "psycopg",
        "RESOURCE_EXHAUSTED",
        lambda: by_psycopg(user="fail_53300"),
    ),
    "psycopg: no such database": (
        "psycopg",
        "EXECUTION_FAILED",
        lambda: by_psycopg(user="fail_3D000"),
    ),
    "psycopg: starting up": ("psycopg", "NETWORK_ERROR", lambda: by_psycopg(user="fail_57P03")),
    "asyncpg: refused": ("asyncpg", "NETWORK_ERROR", lambda: by_asyncpg(peer="closed")),
    "asyncpg: a wrong password": (
        "asyncpg",
        "AUTHENTICATION_ERROR",
        lambda: by_asyncpg(user="fail_28P01"),
    ),
    "asyncpg: too many clients": (
        "asyncpg",
        "RESOURCE_EXHAUSTED",
        lambda: by_asyncpg(user="fail_53300"),
    ),
    "asyncpg: hung up": ("asyncpg", "NETWORK_ERROR", lambda: by_asyncpg(peer="hangsUp")),
    "asyncpg: connecting too slow": (
        "asyncpg",
        "TIMEOUT",
        lambda: by_asyncpg(peer="silent", timeout=0.1),
    ),
    **failing(
        "asyncpg",
        by_asyncpg,
        {
            "23502": "VALIDATION_FAILED",
            "23503": "VALIDATION_FAILED",
            "40P01": "UNKNOWN_ERROR",
            "42P01": "EXECUTION_FAILED",
            "57014": "TIMEOUT",
        },
    ),
    **failing(
        "PyMySQL",
        by_pymysql,
        {
            "1048": "VALIDATION_FAILED",
            "1054": "EXECUTION_FAILED",
            "1062": "VALIDATION_FAILED",
            "1064": "EXECUTION_FAILED",
            "1142": "AUTHENTICATION_ERROR",
            "1146": "EXECUTION_FAILED",
            "1205": "TIMEOUT",
            "1213": "UNKNOWN_ERROR",
            "1366": "VALIDATION_FAILED",
        },
    ),
    "PyMySQL: refused": ("PyMySQL", "NETWORK_ERROR", lambda: by_pymysql(peer="closed")),
    "PyMySQL: another protocol": ("PyMySQL", "NETWORK_ERROR", lambda: by_pymysql(peer="foreign")),
    "PyMySQL: a wrong password": (
        "PyMySQL",
        "AUTHENTICATION_ERROR",
        lambda: by_pymysql(user="fail_1045"),
    ),
    "PyMySQL: too many connections": (
        "PyMySQL",
        "RESOURCE_EXHAUSTED",
        lambda: by_pymysql(user="fail_1040"),
    ),
    "PyMySQL: no such database": (
        "PyMySQL",
        "EXECUTION_FAILED",
        lambda: by_pymysql(user="fail_1049"),
    ),
    "SQLAlchemy: refused": ("SQLAlchemy", "NETWORK_ERROR", lambda: by_alchemy(peer="closed")),
    "SQLAlchemy: a wrong password": (
        "SQLAlchemy",
        "AUTHENTICATION_ERROR",
        lambda: by_alchemy(user="fail_1045"),
    ),
    "SQLAlchemy: a duplicate": (
        "SQLAlchemy",
        "VALIDATION_FAILED",
        lambda: by_sqlite(TABLE, *["INSERT INTO orders VALUES (1, 'a')"] * 2),
    ),
    "SQLAlchemy: a null": (
        "SQLAlchemy",
        "VALIDATION_FAILED",
        lambda: by_sqlite(TABLE, "INSERT INTO orders VALUES (1, NULL)"),
    ),
    "SQLAlchemy: no such table": (
        "SQLAlchemy",
        "EXECUTION_FAILED",
        lambda: by_sqlite("SELECT * FROM missing"),
    ),
    "SQLAlchemy: wrong SQL": ("SQLAlchemy", "EXECUTION_FAILED", lambda: by_sqlite("SELCT 1")),
    "SQLAlchemy: a full pool": ("SQLAlchemy", "RESOURCE_EXHAUSTED", full_pool),
    "SQLAlchemy: no row": ("SQLAlchemy", "UNKNOWN_ERROR", not_one),
    "pymongo: refused": ("pymongo", "NETWORK_ERROR", lambda: by_pymongo("closed")),
    "pymongo: no answer": ("pymongo", "TIMEOUT", lambda: by_pymongo("silent")),
}
