"""Converts any exception to a Failure message."""

from __future__ import annotations

import errno
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

from dlq.v1.failure_pb2 import Failure

from .cause_chain import chain_of, trace_of
from .durations import duration
from .error_details import details_of_trailers
from .safe_read import cut_one_over, safe_read, safe_read_int, safe_str

# Limits of the service. The client keeps one character more, so that the server marks the text as cut.
_TYPE_BYTES = 512
_MESSAGE_BYTES = 4 * 1024
_STACK_BYTES = 16 * 1024
_ATTRIBUTE_BYTES = 1024

_READ_NAMES = (
    *("code", "trailing_metadata", "response", "status", "status_code", "http_status"),
    *("headers", "errno", "filename", "request", "sqlstate", "pgcode"),
)
"""All attributes of errors that are read below."""

_Found = TypeVar("_Found")


def failure_of(error: object) -> Failure:
    """Accepts any value in place of an exception. Never raises."""
    failure = Failure()
    if not isinstance(error, BaseException):
        failure.message = cut_one_over(safe_str(error), _MESSAGE_BYTES)
        if not isinstance(error, str):
            failure.type = cut_one_over(type_name(type(error)), _TYPE_BYTES)
        return failure
    chain = chain_of(error)
    failure.type = cut_one_over(type_name(type(error)), _TYPE_BYTES)
    # Connection errors often have no message; then the cause's is used.
    failure.message = cut_one_over(
        _first(chain, lambda one: safe_str(one) or None) or "", _MESSAGE_BYTES
    )
    failure.stack_trace = trace_of(error, _STACK_BYTES)
    if not all(map(_is_plain, chain)):
        _read_codes(failure, chain)
    return failure


def _read_codes(failure: Failure, chain: Sequence[BaseException]) -> None:
    grpc_code = _first(chain, _grpc_code_of)
    if grpc_code is not None:
        failure.grpc_code = grpc_code
    http_status = _first(chain, _http_status_of)
    if http_status is not None:
        failure.http_status = http_status
    retry_after_s = _first(chain, _retry_info_of)
    if retry_after_s is not None:
        failure.retry_after.CopyFrom(duration("retry_after", retry_after_s))
    for name, read in _ATTRIBUTES.items():
        value = _first(chain, read)
        if value:
            failure.attributes[name] = cut_one_over(value, _ATTRIBUTE_BYTES)


def _is_plain(error: BaseException) -> bool:
    """Reports whether it surely has no codes: most errors of a program itself. Looking for each takes as long as the rest
    of a failure."""
    try:
        return _has_no_codes(type(error)) and not error.__dict__  # type: ignore[arg-type]  # mypy: not hashable
    except Exception:  # also of its metaclass
        return False


@functools.lru_cache(maxsize=256)
def _has_no_codes(kind: type) -> bool:
    usual: object = BaseException.__getattribute__
    is_usual = getattr(kind, "__getattribute__", None) is usual
    return is_usual and not any(hasattr(kind, name) for name in (*_READ_NAMES, "__getattr__"))


def type_name(kind: type) -> str:
    """For example `ValueError` or `requests.exceptions.ReadTimeout`."""
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def _grpc_code_of(error: BaseException) -> int | None:
    """`code()` of grpc and grpc.aio returns an enum whose value is (number, name)."""
    code = safe_read(error, "code")
    if not callable(code):
        return None
    try:
        value = safe_read(code(), "value")
    except Exception:
        return None
    if isinstance(value, tuple) and value and isinstance(value[0], int):
        return value[0]
    return None


def _retry_info_of(error: BaseException) -> float | None:
    trailers = safe_read(error, "trailing_metadata")
    if not callable(trailers):
        return None
    try:
        return details_of_trailers(trailers()).retry_after_s
    except Exception:
        return None


def _http_status_of(error: BaseException) -> int | None:
    if any(map(_has_other_codes, type(error).__mro__)):
        return None
    response = safe_read(error, "response")
    metadata = _item(response, "ResponseMetadata")  # botocore
    found: Iterable[object] = (
        _item(metadata, "HTTPStatusCode"),
        safe_read_int(error, "status"),
        safe_read_int(error, "status_code"),
        safe_read_int(error, "http_status"),  # stripe
        safe_read_int(error, "code"),
        safe_read_int(response, "status_code"),
        safe_read_int(response, "status"),
    )
    return next((one for one in found if isinstance(one, int) and 100 <= one <= 599), None)


def _has_other_codes(kind: type) -> bool:
    """Codes of mail servers (aiosmtplib: 550 is an unknown mailbox) and of ClickHouse are not those of HTTP."""
    return kind.__name__.startswith("SMTP") or kind.__module__.startswith("clickhouse")


def _retry_after_of(error: BaseException) -> str | None:
    """The HTTP header: seconds or a date. The server parses it."""
    response = safe_read(error, "response")
    if isinstance(response, Mapping):
        headers = _item(_item(response, "ResponseMetadata"), "HTTPHeaders")
        return _text(_item(headers, "retry-after"))
    for holder in (response, error):
        headers = safe_read(holder, "headers")
        get = safe_read(headers, "get")
        if callable(get):
            try:
                found = _text(get("retry-after") or get("Retry-After"))
            except Exception:
                continue
            if found:
                return found
    return None


def _sqlstate_of(error: BaseException) -> str | None:
    """`sqlstate` of psycopg 3 and asyncpg, `pgcode` of psycopg 2."""
    return _text(safe_read(error, "sqlstate")) or _text(safe_read(error, "pgcode"))


def _errno_of(error: BaseException) -> str | None:
    number = safe_read_int(error, "errno")
    return None if number is None else errno.errorcode.get(number, str(number))


def _code_of(error: BaseException) -> str | None:
    """The library's error code: `Error.Code` of botocore, `code` of SQLAlchemy and others."""
    return _text(_item(_item(safe_read(error, "response"), "Error"), "Code")) or _text(
        safe_read(error, "code")
    )


def _file_of(error: BaseException) -> str | None:
    return _text(safe_read(error, "filename")) if isinstance(error, OSError) else None


def _host_of(error: BaseException) -> str | None:
    """The host of the failed request. Not the whole URL, which may contain secrets."""
    url = safe_read(safe_read(error, "request"), "url")
    if url is None:
        return None
    try:
        return urlsplit(str(url)).hostname
    except ValueError:
        return None


_ATTRIBUTES: Mapping[str, Callable[[BaseException], str | None]] = {
    "code": _code_of,
    "errno": _errno_of,
    "filename": _file_of,
    "host": _host_of,
    "retry-after": _retry_after_of,
    "sqlstate": _sqlstate_of,
}


def _item(value: object, key: str) -> object:
    if not isinstance(value, Mapping):
        return None
    try:
        return value.get(key)
    except Exception:
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _first(
    chain: Iterable[BaseException], read: Callable[[BaseException], _Found | None]
) -> _Found | None:
    return next((found for found in map(read, chain) if found is not None), None)
