"""The built package, installed into an empty environment."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from dlq import Client
from dlq.testing import FakeServer, LocalServer
from dlq.v1 import dlq_service_pb2 as pb
from dlq.v1 import state_pb2

PACKAGE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    # With the installed hatchling, without downloads.
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(PACKAGE)]
    subprocess.run(command, check=True, capture_output=True)
    return out


@pytest.fixture(scope="module", params=["newest", "oldest"])
def python(
    request: pytest.FixtureRequest, dist: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The Python of an environment with the wheel and the newest or oldest allowed dependencies."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True)
    found = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    [wheel] = dist.glob("*.whl")
    command = [found, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel]
    if request.param == "oldest":
        floors = re.findall(r'"([a-z-]+)>=([0-9.]+)', (PACKAGE / "pyproject.toml").read_text())
        pinned = ("grpcio", "protobuf", "typing-extensions")
        command += [f"{name}=={version}" for name, version in floors if name in pinned]
    subprocess.run(command, check=True, env=clean_environment())
    return found


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def example(name: str, target: str) -> str:
    text = (PACKAGE / "README.md").read_text()
    found = re.search(rf"^```python {name}\n(.*?)^```$", text, re.M | re.S)
    assert found is not None
    return found[1].replace("localhost:50051", target)


def test_wheel_and_sdist_have_the_right_files(dist: Path) -> None:
    [wheel] = dist.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("dlq/py.typed", "dlq/v1/dlq_service_pb2_grpc.pyi", "dlq/aio/client.py"):
        assert name in names
    assert not [name for name in names if "tests" in name or "__pycache__" in name]
    [sdist] = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        files = archive.getnames()
    for name in ("README.md", "CHANGELOG.md", "LICENSE", "src/dlq/spool/spool_store.py"):
        assert any(one.endswith("/" + name) for one in files)


def test_the_readme_programs_run_with_the_installed_wheel(
    python: Path, server: LocalServer, tmp_path: Path
) -> None:
    def run(name: str) -> str:
        program = tmp_path / f"try_{name}.py"
        program.write_text(example(name, server.target))
        return subprocess.run(
            [python, "-W", "error", program],
            cwd=tmp_path,
            env=clean_environment(),
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout

    assert "status='sent'" in run("producer")
    (tmp_path / "worker.py").write_text(example("worker", server.target))
    worker = subprocess.Popen(
        [python, "-W", "error", "worker.py"],
        cwd=tmp_path,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    line = worker.stdout.readline()
    assert re.fullmatch(r"attempt 1 {'id': '[-0-9a-f]{36}', 'amount': '100'}\n", line)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    assert "got hello" in run("asyncio")


def test_the_readme_producer_may_run_often(fake: FakeServer) -> None:
    """The same source id would be poison."""
    for _ in range(6):
        exec(example("producer", fake.target), {})
    assert {one.state for one in fake.messages("orders")} == {"SCHEDULED"}


def test_the_examples_run_with_the_installed_wheel(
    python: Path, server: LocalServer, tmp_path: Path
) -> None:
    for name in ("producer.py", "worker.py"):
        program = (PACKAGE / "examples" / name).read_text()
        (tmp_path / name).write_text(program.replace("localhost:50051", server.target))
    environment = {**clean_environment(), "DLQ_SPOOL_DIR": str(tmp_path / "spool")}
    command = [python, "-W", "error", "producer.py"]
    sent = subprocess.run(
        command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    assert sent.stdout == "sent\n"
    with Client(server.target, spool=False) as operator:  # makes the message due now
        scheduled = pb.MessageFilter(states=[state_pb2.MESSAGE_STATE_SCHEDULED])
        operator.stub.Retry(pb.RetryRequest(queue="orders", filter=scheduled, expected_count=1))
    worker = subprocess.Popen(
        [python, "-W", "error", "worker.py"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == 'attempt 1 {"id":17,"amount":100}\n'
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0


def test_user_programs_pass_mypy_strict(python: Path, tmp_path: Path) -> None:
    """mypy --strict on the examples and on programs of the README, against the installed package."""
    for name in ("producer", "worker"):
        (tmp_path / f"{name}.py").write_text(example(name, "localhost:50051"))
        (tmp_path / f"example_{name}.py").write_text(
            (PACKAGE / "examples" / f"{name}.py").read_text()
        )
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python)]
    files = [f"{kind}{name}.py" for kind in ("", "example_") for name in ("producer", "worker")]
    done = subprocess.run(
        [*command, *files],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_user_programs_and_public_types_pass_pyright(python: Path, tmp_path: Path) -> None:
    for name in ("producer", "worker"):
        program = "# pyright: strict\n" + example(name, "localhost:50051")
        (tmp_path / f"{name}.py").write_text(program)
    environment = {
        **clean_environment(),
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
    }
    for arguments in (
        ["--level", "error", "--pythonpath", str(python), "producer.py", "worker.py"],
        ["--verifytypes", "dlq", "--ignoreexternal"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "basedpyright", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "0 errors" in done.stdout or "completeness score: 100%" in done.stdout, done.stdout


def test_the_package_passes_ruff_and_mypy() -> None:
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=PACKAGE,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
