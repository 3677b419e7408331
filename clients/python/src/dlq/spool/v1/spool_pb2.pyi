import datetime

from dlq.v1 import dlq_service_pb2 as _dlq_service_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Owner(_message.Message):
    __slots__ = ("target", "service", "host", "boot_id", "pid_namespace", "pid", "process_start", "create_time")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    BOOT_ID_FIELD_NUMBER: _ClassVar[int]
    PID_NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_START_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    target: str
    service: str
    host: str
    boot_id: str
    pid_namespace: str
    pid: int
    process_start: int
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, target: _Optional[str] = ..., service: _Optional[str] = ..., host: _Optional[str] = ..., boot_id: _Optional[str] = ..., pid_namespace: _Optional[str] = ..., pid: _Optional[int] = ..., process_start: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...

class SpooledMessage(_message.Message):
    __slots__ = ("request", "spool_time")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    SPOOL_TIME_FIELD_NUMBER: _ClassVar[int]
    request: _dlq_service_pb2.SendToDlqRequest
    spool_time: _timestamp_pb2.Timestamp
    def __init__(self, request: _Optional[_Union[_dlq_service_pb2.SendToDlqRequest, _Mapping[str, object]]] = ..., spool_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...

class Done(_message.Message):
    __slots__ = ("offsets",)
    OFFSETS_FIELD_NUMBER: _ClassVar[int]
    offsets: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, offsets: _Optional[_Iterable[int]] = ...) -> None: ...
