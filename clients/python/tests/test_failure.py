"""Conversion of exceptions to failures."""

from __future__ import annotations

import errno
import json
import smtplib
import sys
import urllib.error
from email.message import Message
from pathlib import Path
from types import SimpleNamespace

import grpc
import pytest

import dlq
from dlq._core.failure import failure_of, type_name
from dlq._core.send_request import is_non_retryable, retry_after_of

GOLDEN = Path(__file__).parents[3] / "test/golden/failures/python.json"


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except BaseException as found:
        return found


def test_a_failure_has_class_message_and_trace_with_causes() -> None:
    failure = failure_of(raised(ValueError("no order"), raised(KeyError("id"))))
    assert (failure.type, failure.message) == ("ValueError", "no order")
    assert "KeyError: 'id'" in failure.stack_trace
    assert failure.stack_trace.index("KeyError") < failure.stack_trace.index("ValueError: no order")
    assert "test_failure.py" in failure.stack_trace


def test_the_type_includes_the_module() -> None:
    assert (
        failure_of(raised(json.JSONDecodeError("bad", "x", 0))).type
        == "json.decoder.JSONDecodeError"
    )


def test_a_long_trace_keeps_its_end() -> None:
    error: BaseException = ValueError("first")
    for n in range(12):
        error = raised(ValueError(f"{n} " + "x" * 5_000), error)
    failure = failure_of(error)
    assert 8_000 < len(failure.stack_trace.encode()) <= 16 * 1024
    assert "ValueError: 11 xx" in failure.stack_trace
    assert "ValueError: first" not in failure.stack_trace
    assert len(failure.message) == 4097, "one over the limit, so that the server marks it as cut"


def test_an_error_whose_str_raises_is_converted() -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    failure = failure_of(raised(Broken()))
    assert failure.type.endswith("Broken")
    assert "can't be shown" in failure.message


@pytest.mark.parametrize("given", ["text", 7, None, {"a": 1}, object()])
def test_any_value_is_converted(given: object) -> None:
    assert failure_of(given).message == str(given)


def test_a_cycle_of_causes_ends() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert failure_of(raised(one, other)).message == "one"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.11")
def test_fields_of_group_members_are_read() -> None:
    inner = ConnectionRefusedError(errno.ECONNREFUSED, "refused")
    failure = failure_of(raised(ExceptionGroup("all failed", [inner])))  # noqa: F821
    assert failure.attributes["errno"] == "ECONNREFUSED"


def test_errno_and_file_name_are_read() -> None:
    with pytest.raises(OSError) as caught:
        open("/no/such/file")  # noqa: SIM115
    attributes = failure_of(caught.value).attributes
    assert (attributes["errno"], attributes["filename"]) == ("ENOENT", "/no/such/file")


def test_http_status_and_retry_after_of_urllib_are_read() -> None:
    headers = Message()
    headers["Retry-After"] = "7"
    error = urllib.error.HTTPError("http://shop.example/x", 503, "busy", headers, None)
    failure = failure_of(raised(error))
    assert (failure.http_status, failure.attributes["retry-after"]) == (503, "7")


class _Slots(Exception):
    __slots__ = ("status",)


class _Property(Exception):
    @property
    def status(self) -> int:
        return 503


class _Dynamic(Exception):
    def __getattr__(self, name: str) -> object:
        if name == "status":
            return 503
        raise AttributeError(name)


class _ClassAttribute(Exception):
    status = 503


def test_fields_are_read_wherever_a_class_has_them() -> None:
    slots = _Slots()
    slots.status = 503
    later = ValueError("x")
    later.status = 503  # type: ignore[attr-defined]
    for error in (slots, _Property(), _Dynamic(), _ClassAttribute(), later):
        assert failure_of(error).http_status == 503, type(error)
        wrapped = RuntimeError("plain")
        wrapped.__cause__ = error
        assert failure_of(wrapped).http_status == 503, type(error)


def test_http_status_of_a_response_is_read_without_secrets_of_the_url() -> None:
    class HTTPStatusError(Exception):
        request = SimpleNamespace(url="https://user:secret@shop.example/x?token=secret")
        response = SimpleNamespace(status_code=429, headers={"retry-after": "3"})

    failure = failure_of(raised(HTTPStatusError("busy")))
    assert failure.http_status == 429
    assert failure.attributes["host"] == "shop.example"
    assert "secret" not in str(failure.attributes)


@pytest.mark.parametrize("code", [450, 550])
def test_a_mail_server_code_is_not_an_http_status(code: int) -> None:
    class SMTPResponseException(Exception):
        """Like the class of aiosmtplib."""

        code = 0

    class SMTPSenderRefused(SMTPResponseException):
        pass

    refused = SMTPSenderRefused("no such mailbox")
    refused.code = code
    wrapped = RuntimeError("no mail")
    wrapped.__cause__ = refused
    for error in (refused, wrapped, smtplib.SMTPResponseException(code, "no such mailbox")):
        assert not failure_of(error).HasField("http_status")


def test_a_code_of_clickhouse_is_not_an_http_status() -> None:
    kind = type("DatabaseError", (Exception,), {"code": 516})
    kind.__module__ = "clickhouse_connect.driver.exceptions"
    assert not failure_of(raised(kind("no"))).HasField("http_status")


def test_the_http_status_of_stripe_is_read() -> None:
    class CardError(Exception):
        http_status = 402

    assert failure_of(raised(CardError("declined"))).http_status == 402


def test_fields_of_botocore_are_read() -> None:
    class ClientError(Exception):
        response = {  # noqa: RUF012
            "Error": {"Code": "ThrottlingException"},
            "ResponseMetadata": {"HTTPStatusCode": 400, "HTTPHeaders": {"retry-after": "2"}},
        }

    failure = failure_of(raised(ClientError("slow down")))
    assert failure.http_status == 400
    assert failure.attributes["code"] == "ThrottlingException"
    assert failure.attributes["retry-after"] == "2"


def test_sqlstate_of_a_wrapped_error_is_read() -> None:
    class Driver(Exception):
        sqlstate = "23505"

    class IntegrityError(Exception):
        orig = Driver("duplicate")

    assert failure_of(raised(IntegrityError("no"))).attributes["sqlstate"] == "23505"


def test_the_grpc_code_of_a_cause_is_read() -> None:
    with grpc.insecure_channel("127.0.0.1:1") as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/x/y")(b"", timeout=5)
    failure = failure_of(raised(RuntimeError("no answer"), caught.value))
    assert failure.grpc_code == grpc.StatusCode.UNAVAILABLE.value[0]
    assert failure.type == "RuntimeError"


def golden() -> dict[str, dict[str, object]]:
    libraries: dict[str, dict[str, dict[str, object]]] = json.loads(GOLDEN.read_text())["libraries"]
    return {name: entry for entries in libraries.values() for name, entry in entries.items()}


@pytest.mark.parametrize("entry", golden().values(), ids=golden().keys())
def test_golden_failures_are_reproduced(entry: dict[str, object]) -> None:
    """A fake exception of the same class and fields gives the recorded failure."""
    module, _, name = str(entry["type"]).rpartition(".")
    fields: dict[str, object] = {
        "__module__": module or "builtins",
        "__str__": lambda self: self.text,
    }
    fields["text"] = entry["message"]
    if "grpc_code" in entry:
        code = next(one for one in grpc.StatusCode if one.value[0] == entry["grpc_code"])
        fields["code"] = lambda self: code
    if "http_status" in entry:
        fields["response"] = SimpleNamespace(status_code=entry["http_status"])
    kind = type(name, (Exception,), fields)
    failure = failure_of(raised(kind()))
    assert type_name(kind) == entry["type"]
    assert failure.type == entry["type"]
    assert failure.message == str(entry["message"])[:4097]
    assert failure.HasField("grpc_code") == ("grpc_code" in entry)
    assert failure.grpc_code == entry.get("grpc_code", 0)
    assert failure.http_status == entry.get("http_status", 0)


class Group(Exception):
    """Has the form of an ExceptionGroup, which Python has since 3.11."""

    def __init__(self, *exceptions: Exception) -> None:
        super().__init__("unhandled errors in a TaskGroup")
        self.exceptions = exceptions


def test_a_group_is_marked_like_its_members() -> None:
    assert not is_non_retryable(Group(ValueError("a"), KeyError("b")))
    assert is_non_retryable(Group(ValueError("a"), Group(dlq.NonRetryableError("b"))))
    assert retry_after_of(Group(ValueError("a"))) is None
    group = Group(dlq.RetryAfterError("a", 5), dlq.RetryAfterError("b", 50), ValueError("c"))
    assert retry_after_of(group) == 50
    group.exceptions = (group,)  # contains itself
    assert not is_non_retryable(group)
