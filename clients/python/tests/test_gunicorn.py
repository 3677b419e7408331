"""gunicorn, with the real framework."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import until

from dlq.testing import FakeServer

GUNICORN = """
import os, dlq
client = dlq.Client(os.environ["TARGET"], spool=False)
client.send("wsgi", "master")

def app(environ, start_response):
    result = client.send("wsgi", environ["PATH_INFO"], ValueError("x"))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [result.status.encode()]
"""


@pytest.fixture
def gunicorn_url(fake: FakeServer, tmp_path: Path) -> Iterator[str]:
    pytest.importorskip("gunicorn")
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "shop.py").write_text(GUNICORN)
    args = ["--preload", "--workers=2", f"--bind=127.0.0.1:{port}", "--log-level=error", "shop:app"]
    environment = {**os.environ, "TARGET": fake.target}
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *args], cwd=tmp_path, env=environment
    )
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(30)


def test_gunicorn_workers_with_preload_send(fake: FakeServer, gunicorn_url: str) -> None:
    def status() -> str:
        try:
            with urllib.request.urlopen(gunicorn_url + "/order", timeout=20) as answer:
                return str(answer.read().decode())
        except urllib.error.URLError:
            return ""

    until(lambda: status() != "")
    assert [status() for _ in range(8)] == ["sent"] * 8
    clients = {one.request.send_number.client_id for one in fake.messages("wsgi")}
    assert len(clients) >= 2, "each process has its own client_id"
