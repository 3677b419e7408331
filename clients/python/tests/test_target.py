"""What a client takes as the address of its server."""

from __future__ import annotations

import pytest

import dlq
from dlq.migrate.importer import Importer
from dlq.options import ClientOptions, target_of


@pytest.mark.parametrize(
    ("target", "address", "has_tls"),
    [
        ("dlq.internal:50051", "dlq.internal:50051", False),
        ("[::1]:50051", "[::1]:50051", False),
        ("http://dlq.internal:50051", "dlq.internal:50051", False),
        ("http://dlq.internal:50051/", "dlq.internal:50051", False),
        ("http://dlq.internal", "dlq.internal:80", False),
        ("https://dlq.internal:50051", "dlq.internal:50051", True),
        ("HTTPS://dlq.internal", "dlq.internal:443", True),
        ("https://[::1]", "[::1]:443", True),
        ("dns:50051", "dns:50051", False),
        ("dns:///dlq:50051", "dns:///dlq:50051", False),
        ("unix:/run/dlq.sock", "unix:/run/dlq.sock", False),
    ],
)
def test_a_target_is_host_and_port_or_a_url(target: str, address: str, has_tls: bool) -> None:
    found, tls = target_of(target, None)
    assert (found, tls is not None) == (address, has_tls)


@pytest.mark.parametrize(
    "target",
    [
        *("", "dlq.internal", ":50051", "a:b", "a:99999", "::1:50051", "ftp://a:1", "a:1/dlq"),
        *("http://", "http://:50051", "http://a:1/dlq", "https://a:1?x=1", "https://me@a:1"),
    ],
)
def test_other_targets_are_refused(target: str) -> None:
    with pytest.raises(ValueError, match="give one such as localhost:50051"):
        dlq.Client(target)


def test_a_token_in_plaintext_to_another_host_is_warned_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = "secret-of-the-shop"

    def connect(target: str, **settings: object) -> None:
        with dlq.Client(target, spool=False, **settings) as client:  # type: ignore[arg-type]
            client.engine.connect().close()

    for target in ("localhost:1", "127.0.0.1:1", "[::1]:1", "unix:/run/dlq.sock", "https://a:1"):
        connect(target, token=token)
    for target in ("LOCALHOST:1", "[0:0:0:0:0:0:0:1]:1", "dns:///127.0.0.2:1"):
        connect(target, token=token)
    connect("a:1", token=token, tls=dlq.Tls())
    connect("a:1")
    assert caplog.records == []
    connect("a:1", token=token)
    assert [one.message for one in caplog.records] == [
        "dlq: the token goes to a:1 in plaintext; use https://a:1 and a server with TLS"
    ]
    connect("127.shop.example:1", token=token)
    assert "the token goes to 127.shop.example:1 in plaintext" in caplog.records[-1].message


def test_dlq_migrate_warns_of_a_token_in_plaintext(caplog: pytest.LogCaptureFixture) -> None:
    Importer(ClientOptions("a:1", token="secret-of-the-shop"), patience_s=0).close()
    [warning] = caplog.records
    assert "the token goes to a:1 in plaintext" in warning.message
