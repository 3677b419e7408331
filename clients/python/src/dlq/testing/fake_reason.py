"""Reasons of failures, as the service derives them from codes and from Python's own exceptions. Unlike the
service, the fake does not read texts, and does not know the exceptions of other libraries."""

from __future__ import annotations

from dlq.v1 import state_pb2
from dlq.v1.failure_pb2 import Failure

_GRPC = {
    **dict.fromkeys((3, 11), state_pb2.REASON_VALIDATION_FAILED),
    **dict.fromkeys((7, 16), state_pb2.REASON_AUTHENTICATION_ERROR),
    **dict.fromkeys((12, 13), state_pb2.REASON_EXECUTION_FAILED),
    4: state_pb2.REASON_TIMEOUT,
    8: state_pb2.REASON_RESOURCE_EXHAUSTED,
    14: state_pb2.REASON_NETWORK_ERROR,
}

_HTTP = {
    **dict.fromkeys((429, 507, 509, 529), state_pb2.REASON_RESOURCE_EXHAUSTED),
    **dict.fromkeys((408, 504, 522, 524, 598, 599), state_pb2.REASON_TIMEOUT),
    **dict.fromkeys((401, 403, 407, 511), state_pb2.REASON_AUTHENTICATION_ERROR),
    **dict.fromkeys((521, 523, 525, 526, 530), state_pb2.REASON_NETWORK_ERROR),
    **dict.fromkeys(
        (400, 405, 406, 411, 413, 414, 415, 416, 422, 431), state_pb2.REASON_VALIDATION_FAILED
    ),
}

_EXECUTION = """
ArithmeticError AssertionError AttributeError BufferError CalledProcessError FileNotFoundError FloatingPointError
ImportError IndentationError IndexError IsADirectoryError KeyError LookupError ModuleNotFoundError NameError
NotADirectoryError NotImplementedError OverflowError RecursionError ReferenceError StopAsyncIteration StopIteration
SyntaxError SystemError TypeError UnboundLocalError ZeroDivisionError
"""
_NETWORK = """
BrokenPipeError ConnectionAbortedError ConnectionError ConnectionRefusedError ConnectionResetError RemoteDisconnected
SSLError URLError gaierror
"""
_VALIDATION = """
InvalidOperation JSONDecodeError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError ValueError
"""

_TYPES = {
    **dict.fromkeys(_EXECUTION.split(), state_pb2.REASON_EXECUTION_FAILED),
    **dict.fromkeys(_NETWORK.split(), state_pb2.REASON_NETWORK_ERROR),
    **dict.fromkeys(_VALIDATION.split(), state_pb2.REASON_VALIDATION_FAILED),
    **dict.fromkeys(("MemoryError", "Full"), state_pb2.REASON_RESOURCE_EXHAUSTED),
    **dict.fromkeys(("TimeoutError", "TimeoutExpired"), state_pb2.REASON_TIMEOUT),
    "PermissionError": state_pb2.REASON_AUTHENTICATION_ERROR,
}


def reason_of(failure: Failure) -> int:
    """Returns the number of the failure's reason."""
    if failure.reason:
        return failure.reason
    if failure.grpc_code in _GRPC:
        return _GRPC[failure.grpc_code]
    if failure.http_status in _HTTP:
        return _HTTP[failure.http_status]
    if 300 <= failure.http_status <= 599:
        return state_pb2.REASON_WEBHOOK_FAILED
    return _TYPES.get(failure.type.rpartition(".")[2], state_pb2.REASON_UNKNOWN_ERROR)
