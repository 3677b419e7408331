"""Failures of real libraries' errors."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from dlq._core.failure import failure_of
from dlq.v1.failure_pb2 import Failure


@pytest.fixture(scope="module")
def busy_url() -> Iterator[str]:
    class Busy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(429)
            self.send_header("Retry-After", "5")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def refused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def failure(act: object) -> Failure:
    with pytest.raises(Exception) as caught:
        act()  # type: ignore[operator]
    return failure_of(caught.value)


def test_httpx_errors_have_status_and_errno(busy_url: str) -> None:
    httpx = pytest.importorskip("httpx")
    found = failure(lambda: httpx.get(busy_url).raise_for_status())
    assert (found.type, found.http_status) == ("httpx.HTTPStatusError", 429)
    assert found.attributes["retry-after"] == "5"
    assert found.attributes["host"] == "127.0.0.1"
    found = failure(lambda: httpx.get(f"http://127.0.0.1:{refused_port()}/"))
    assert found.type == "httpx.ConnectError"
    assert found.attributes["errno"] == "ECONNREFUSED"


def test_requests_errors_have_status_and_errno(busy_url: str) -> None:
    requests = pytest.importorskip("requests")
    found = failure(lambda: requests.get(busy_url).raise_for_status())
    assert (found.type, found.http_status) == ("requests.exceptions.HTTPError", 429)
    assert found.attributes["retry-after"] == "5"
    found = failure(lambda: requests.get(f"http://127.0.0.1:{refused_port()}/"))
    assert found.type == "requests.exceptions.ConnectionError"
    assert found.attributes["errno"] == "ECONNREFUSED"


def test_redis_errors_have_errno() -> None:
    redis = pytest.importorskip("redis")
    found = failure(lambda: redis.Redis(port=refused_port()).ping())
    assert found.type == "redis.exceptions.ConnectionError"
    assert found.attributes["errno"] == "ECONNREFUSED"


def test_sqlalchemy_errors_have_the_cause() -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection:
        found = failure(lambda: connection.execute(sqlalchemy.text("select * from nowhere")))
    assert found.type == "sqlalchemy.exc.OperationalError"
    assert "no such table" in found.message
    assert "sqlite3.OperationalError" in found.stack_trace


def test_psycopg_errors_have_sqlstate() -> None:
    errors = pytest.importorskip("psycopg.errors")
    found = failure_of(errors.lookup("23505")("duplicate key"))
    assert found.type == "psycopg.errors.UniqueViolation"
    assert found.attributes["sqlstate"] == "23505"


def test_botocore_errors_have_code_and_status() -> None:
    exceptions = pytest.importorskip("botocore.exceptions")
    response = {
        "Error": {"Code": "SlowDown", "Message": "less"},
        "ResponseMetadata": {"HTTPStatusCode": 503, "HTTPHeaders": {}},
    }
    found = failure_of(exceptions.ClientError(response, "PutObject"))
    assert (found.type, found.http_status) == ("botocore.exceptions.ClientError", 503)
    assert found.attributes["code"] == "SlowDown"
