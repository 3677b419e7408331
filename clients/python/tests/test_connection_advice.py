"""What a client says if it can't connect, because TLS or address are wrong."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

import dlq
from dlq._core.call_error import CallError
from dlq.testing import FakeServer

CERTIFICATES = Path(__file__).parents[3] / "test/rpc/tls"
KEY, CERTIFICATE = ((CERTIFICATES / f"test-only.{end}").read_bytes() for end in ("key", "crt"))


@contextlib.contextmanager
def serving(credentials: grpc.ServerCredentials) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait()


@pytest.fixture(scope="module")
def secured() -> Iterator[str]:
    with serving(grpc.ssl_server_credentials([(KEY, CERTIFICATE)])) as target:
        yield target


@pytest.fixture
def with_client_certificates() -> Iterator[str]:
    pair = [(KEY, CERTIFICATE)]
    with serving(
        grpc.ssl_server_credentials(pair, CERTIFICATE, require_client_auth=True)
    ) as target:
        yield target


@pytest.fixture
def plaintext(fake: FakeServer) -> str:
    return fake.target


def advice_of(target: str, tls: dlq.Tls | None = None) -> str:
    """Returns what `ping` raises, which must be one line."""
    with dlq.Client(target, tls=tls, spool=False) as client:
        with pytest.raises(dlq.DlqClientError) as raised:
            client.ping()
        text = str(raised.value)
    assert raised.value.kind == "connection"
    assert "\n" not in text
    return text


def test_tls_to_a_server_without_it(fake: FakeServer) -> None:
    assert "give a `target` with http:// instead of https://" in advice_of(f"https://{fake.target}")


def test_plaintext_to_a_server_with_tls(secured: str) -> None:
    assert "if the server has TLS, give a `target` with https://" in advice_of(secured)


def test_an_unknown_certificate(secured: str) -> None:
    assert "give the certificate of its CA: tls=Tls(ca=...)" in advice_of(f"https://{secured}")


def test_another_name(secured: str) -> None:
    tls = dlq.Tls(ca=CERTIFICATE, server_name="other.example")
    assert "or tls=Tls(server_name=...)" in advice_of(secured, tls)


def test_a_server_of_http() -> None:
    answer = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(100)
                connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        text = advice_of(f"127.0.0.1:{listener.getsockname()[1]}")
    assert "is `target` its gRPC address (port 50051 by default), not that of HTTP?" in text


@pytest.fixture
def closing() -> Iterator[str]:
    """A port that closes each connection at once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                listener.accept()[0].close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    ("server", "tls"),
    [
        ("plaintext", None),
        ("closing", None),
        ("secured", None),
        ("secured", dlq.Tls(ca=CERTIFICATE, server_name="other.example")),
        ("with_client_certificates", dlq.Tls(ca=CERTIFICATE)),
    ],
    ids=["plaintext", "closing", "unknown-authority", "other-name", "no-client-certificate"],
)
def test_a_send_is_spooled_at_once_if_the_tls_handshake_fails(
    request: pytest.FixtureRequest, spool_folder: Path, server: str, tls: dlq.Tls | None
) -> None:
    target = f"https://{request.getfixturevalue(server)}"
    spool = dlq.SpoolOptions(folder=spool_folder)
    with dlq.Client(target, tls=tls, timeout=590, try_timeout=590, spool=spool) as client:
        assert client.send_soon("q", "x").result(20) == dlq.Spooled(durable=True)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("DNS resolution failed for a.invalid:1: C-ares status is not ARES_SUCCESS", "host in"),
        ("errors resolving a.invalid:1: [field:hostname lookup error:not found]", "host in"),
        ("failed to connect to all addresses; Hostname Verification Check failed.", "server_name"),
    ],
)
def test_texts_of_several_versions_of_grpcio(text: str, advice: str) -> None:
    error = CallError("UNAVAILABLE", text)
    assert error.never_arrived
    assert advice in error.text


def test_nothing_listens() -> None:
    text = advice_of("127.0.0.1:1")
    assert "refused" in text
    assert text.endswith("; is the server at `target` up?")
