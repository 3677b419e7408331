import datetime

from dlq.v1 import state_pb2 as _state_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Failure(_message.Message):
    __slots__ = ("reason", "type", "message", "stack_trace", "grpc_code", "http_status", "attributes", "truncated", "retry_after", "fingerprint")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REASON_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STACK_TRACE_FIELD_NUMBER: _ClassVar[int]
    GRPC_CODE_FIELD_NUMBER: _ClassVar[int]
    HTTP_STATUS_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    reason: _state_pb2.Reason
    type: str
    message: str
    stack_trace: str
    grpc_code: int
    http_status: int
    attributes: _containers.ScalarMap[str, str]
    truncated: bool
    retry_after: _duration_pb2.Duration
    fingerprint: str
    def __init__(self, reason: _Optional[_Union[_state_pb2.Reason, str]] = ..., type: _Optional[str] = ..., message: _Optional[str] = ..., stack_trace: _Optional[str] = ..., grpc_code: _Optional[int] = ..., http_status: _Optional[int] = ..., attributes: _Optional[_Mapping[str, str]] = ..., truncated: bool = ..., retry_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., fingerprint: _Optional[str] = ...) -> None: ...
