"""Calls through the generated stubs, and their errors."""

import asyncio

import grpc
from google.protobuf.json_format import MessageToDict, ParseDict
from google.rpc import error_details_pb2  # noqa: F401  # to format details in responses

import dlq
from dlq.v1 import dlq_service_pb2 as pb

METHODS = pb.DESCRIPTOR.services_by_name["DlqService"].methods_by_name


def request_of(method: str, given: dict):
    kind = getattr(pb, METHODS[method].input_type.name)
    return ParseDict(given, kind())


async def call(stub, method, request=None, timeout_ms=None, cancel_after_ms=None) -> dict:
    """Makes a call with a stub of grpc or grpc.aio."""
    unary = getattr(stub, method)
    given = request_of(method, request or {})
    timeout = None if timeout_ms is None else timeout_ms / 1000
    work = getattr(unary, "future", unary)(given, timeout=timeout)
    if cancel_after_ms is not None:
        asyncio.get_running_loop().call_later(cancel_after_ms / 1000, work.cancel)
    try:
        if isinstance(work, grpc.Future):
            response = await asyncio.to_thread(work.result)
        else:
            response = await work
    except grpc.RpcError as error:
        return error_fields(error)
    except (grpc.FutureCancelledError, asyncio.CancelledError):
        return {"code": "CANCELLED", "message": "", "field_violations": []}
    return {"code": "OK", "response": MessageToDict(response, preserving_proto_field_name=True)}


def error_fields(error) -> dict:
    details = dlq.error_details(error)
    found = {
        "code": error.code().name,
        "message": error.details() or "",
        "field_violations": list(details.field_violations),
    }
    if details.reason:
        found |= {"reason": details.reason, "domain": details.domain}
    if details.retry_after_s is not None:
        found["retry_after_ms"] = details.retry_after_s * 1000
    return found
