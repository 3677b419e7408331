"""Whatever was raised, as the service takes it."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

from dlq.v1.failure_pb2 import Failure

from .cause_chain import chain_of, trace_of
from .durations import duration
from .error_details import details_of_trailers
from .peek import cut, peek, peek_int, words_of

# Limits of the contract; what is longer is cut by one byte more, so that the server flags it.
_TYPE_BYTES = 512
_MESSAGE_BYTES = 4 * 1024
_STACK_BYTES = 16 * 1024
_ATTRIBUTE_BYTES = 1024

_Found = TypeVar("_Found")


def failure_of(error: object) -> Failure:
    """What is known of an error, or of whatever is given in its place. Never raises itself."""
    failure = Failure()
    if not isinstance(error, BaseException):
        failure.message = cut(words_of(error), _MESSAGE_BYTES)
        if not isinstance(error, str):
            failure.type = cut(type_name(type(error)), _TYPE_BYTES)
        return failure
    chain = chain_of(error)
    failure.type = cut(type_name(type(error)), _TYPE_BYTES)
    # Errors of failed connections often have no words of their own: those of the cause, then.
    failure.message = cut(_first(chain, lambda one: words_of(one) or None) or "", _MESSAGE_BYTES)
    failure.stack_trace = trace_of(error, _STACK_BYTES)
    grpc_code = _first(chain, _grpc_code_of)
    if grpc_code is not None:
        failure.grpc_code = grpc_code
    http_status = _first(chain, _http_status_of)
    if http_status is not None:
        failure.http_status = http_status
    retry_after_s = _first(chain, _retry_info_of)
    if retry_after_s is not None:
        failure.retry_after.CopyFrom(duration("retry_after", retry_after_s))
    for name, look in _ATTRIBUTES.items():
        value = _first(chain, look)
        if value:
            failure.attributes[name] = cut(value, _ATTRIBUTE_BYTES)
    return failure


def type_name(kind: type) -> str:
    """`ValueError`, `requests.exceptions.ReadTimeout`."""
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def _grpc_code_of(error: BaseException) -> int | None:
    """Of grpc and grpc.aio, whose `code()` gives an enum of (number, name)."""
    code = peek(error, "code")
    if not callable(code):
        return None
    try:
        value = peek(code(), "value")
    except Exception:
        return None
    if isinstance(value, tuple) and value and isinstance(value[0], int):
        return value[0]
    return None


def _retry_info_of(error: BaseException) -> float | None:
    trailers = peek(error, "trailing_metadata")
    if not callable(trailers):
        return None
    try:
        return details_of_trailers(trailers()).retry_after_s
    except Exception:
        return None


def _http_status_of(error: BaseException) -> int | None:
    if any(kind.__name__.startswith("SMTP") for kind in type(error).__mro__):
        return None  # of a mail server, such as aiosmtplib's: 550 is a mailbox that is not there
    response = peek(error, "response")
    metadata = _item(response, "ResponseMetadata")  # botocore
    found: Iterable[object] = (
        _item(metadata, "HTTPStatusCode"),
        peek_int(error, "status"),
        peek_int(error, "status_code"),
        peek_int(error, "code"),
        peek_int(response, "status_code"),
        peek_int(response, "status"),
    )
    return next((one for one in found if isinstance(one, int) and 100 <= one <= 599), None)


def _retry_after_of(error: BaseException) -> str | None:
    """HTTP's header, which the server reads: seconds or a date."""
    response = peek(error, "response")
    if isinstance(response, Mapping):
        headers = _item(_item(response, "ResponseMetadata"), "HTTPHeaders")
        return _text(_item(headers, "retry-after"))
    for holder in (response, error):
        headers = peek(holder, "headers")
        get = peek(headers, "get")
        if callable(get):
            try:
                found = _text(get("retry-after") or get("Retry-After"))
            except Exception:
                continue
            if found:
                return found
    return None


def _sqlstate_of(error: BaseException) -> str | None:
    """psycopg 3 and asyncpg, psycopg 2."""
    return _text(peek(error, "sqlstate")) or _text(peek(error, "pgcode"))


def _errno_of(error: BaseException) -> str | None:
    number = peek_int(error, "errno")
    return None if number is None else errno.errorcode.get(number, str(number))


def _code_of(error: BaseException) -> str | None:
    """A code word of the library: botocore's `Error.Code`, SQLAlchemy's and others' `code`."""
    return _text(_item(_item(peek(error, "response"), "Error"), "Code")) or _text(
        peek(error, "code")
    )


def _file_of(error: BaseException) -> str | None:
    return _text(peek(error, "filename")) if isinstance(error, OSError) else None


def _host_of(error: BaseException) -> str | None:
    """Whom a request went to; never the whole URL, which may hold secrets."""
    url = peek(peek(error, "request"), "url")
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
    chain: Iterable[BaseException], look: Callable[[BaseException], _Found | None]
) -> _Found | None:
    return next((found for found in map(look, chain) if found is not None), None)
