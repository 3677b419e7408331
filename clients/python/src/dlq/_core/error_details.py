"""The google.rpc details of an error: which fields were wrong, when to try again.

The messages are described here and live in their own descriptor pool. So no package is needed for them,
and an installed one does not conflict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, duration_pb2, message_factory

from dlq.v1.dlq_service_pb2 import ErrorStatus

from .safe_read import safe_read

_STRING = descriptor_pb2.FieldDescriptorProto.TYPE_STRING
_MESSAGE = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
_ONE = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
_MANY = descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED

STATUS_TRAILER = "grpc-status-details-bin"


@dataclass(frozen=True)
class ErrorDetails:
    """The structured part of a server's error."""

    reason: str = ""
    """Of the ErrorInfo, for example `QUEUE_FULL`."""
    domain: str = ""
    """Of the ErrorInfo; `dlq.v1` for the DLQ service."""
    field_violations: dict[str, str] = field(default_factory=dict)
    """The wrong fields, each with a description."""
    retry_after_s: float | None = None
    """When to try again, in seconds; None if not given."""
    is_empty: bool = True
    """The error has no details. It may not come from the service, but from a proxy or a broken
    connection."""


def _describe() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name="dlq/client/error_details.proto", package="google.rpc", syntax="proto3"
    )
    file.dependency.append("google/protobuf/duration.proto")
    info = file.message_type.add(name="ErrorInfo")
    info.field.add(name="reason", number=1, type=_STRING, label=_ONE)
    info.field.add(name="domain", number=2, type=_STRING, label=_ONE)
    retry = file.message_type.add(name="RetryInfo")
    duration = ".google.protobuf.Duration"
    retry.field.add(name="retry_delay", number=1, type=_MESSAGE, label=_ONE, type_name=duration)
    bad = file.message_type.add(name="BadRequest")
    violation = bad.nested_type.add(name="FieldViolation")
    violation.field.add(name="field", number=1, type=_STRING, label=_ONE)
    violation.field.add(name="description", number=2, type=_STRING, label=_ONE)
    of = ".google.rpc.BadRequest.FieldViolation"
    bad.field.add(name="field_violations", number=1, type=_MESSAGE, label=_MANY, type_name=of)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(duration_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    names = [f"google.rpc.{one.name}" for one in file.message_type]
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in names
    }


_KINDS = _describe()


def details_of_status(status: ErrorStatus) -> ErrorDetails:
    """Reads the details of one result in a response."""
    reason, domain, fields, retry_after_s = "", "", {}, None
    for detail in status.details:
        name = detail.type_url.rpartition("/")[2]
        kind = _KINDS.get(name)
        if kind is None:
            continue
        try:
            found = kind.FromString(detail.value)
        except Exception:  # of another version; code and message are still known
            continue
        if name == "google.rpc.ErrorInfo":
            reason, domain = found.reason, found.domain
        elif name == "google.rpc.RetryInfo":
            retry_after_s = found.retry_delay.seconds + found.retry_delay.nanos / 1e9
        else:
            fields = {one.field: one.description for one in found.field_violations}
    return ErrorDetails(reason, domain, fields, retry_after_s, is_empty=len(status.details) == 0)


def invalid_request(field_violations: Mapping[str, str]) -> ErrorStatus:
    """Returns the error with which the service refuses a request with these fields."""
    text = "; ".join(f"{name}: {problem}" for name, problem in field_violations.items())
    status = ErrorStatus(code=grpc.StatusCode.INVALID_ARGUMENT.value[0], message=text)
    bad = _KINDS["google.rpc.BadRequest"]()
    for name, problem in field_violations.items():
        bad.field_violations.add(field=name, description=problem)
    info = _KINDS["google.rpc.ErrorInfo"](reason="INVALID_REQUEST", domain="dlq.v1")
    for detail in (info, bad):
        status.details.add().Pack(detail)
    return status


def error_details(error: object) -> ErrorDetails:
    """Reads the details of an error that a generated stub has raised, with grpc or grpc.aio."""
    trailers = safe_read(error, "trailing_metadata")
    return details_of_trailers(trailers() if callable(trailers) else None)


def details_of_trailers(trailers: Iterable[tuple[str, str | bytes]] | None) -> ErrorDetails:
    """Reads the google.rpc.Status of a failed call. It has the same fields as ErrorStatus."""
    for key, value in trailers or ():
        if key == STATUS_TRAILER and isinstance(value, bytes):
            try:
                return details_of_status(ErrorStatus.FromString(value))
            except Exception:
                break
    return ErrorDetails()
