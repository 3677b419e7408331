import datetime

from dlq.v1 import dlq_service_pb2 as _dlq_service_pb2
from dlq.v1 import stored_message_pb2 as _stored_message_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExportedMessage(_message.Message):
    __slots__ = ("stored", "ttl", "round_start_time", "last_delay", "move_count", "poisoned", "effective_priority", "applied_transforms", "edit_hashes", "imported_history")
    STORED_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    ROUND_START_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_DELAY_FIELD_NUMBER: _ClassVar[int]
    MOVE_COUNT_FIELD_NUMBER: _ClassVar[int]
    POISONED_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_PRIORITY_FIELD_NUMBER: _ClassVar[int]
    APPLIED_TRANSFORMS_FIELD_NUMBER: _ClassVar[int]
    EDIT_HASHES_FIELD_NUMBER: _ClassVar[int]
    IMPORTED_HISTORY_FIELD_NUMBER: _ClassVar[int]
    stored: _stored_message_pb2.StoredMessage
    ttl: _duration_pb2.Duration
    round_start_time: _timestamp_pb2.Timestamp
    last_delay: _duration_pb2.Duration
    move_count: int
    poisoned: bool
    effective_priority: int
    applied_transforms: _containers.RepeatedScalarFieldContainer[bytes]
    edit_hashes: _containers.RepeatedScalarFieldContainer[bytes]
    imported_history: _dlq_service_pb2.ImportedHistory
    def __init__(self, stored: _Optional[_Union[_stored_message_pb2.StoredMessage, _Mapping[str, object]]] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., round_start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., last_delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., move_count: _Optional[int] = ..., poisoned: bool = ..., effective_priority: _Optional[int] = ..., applied_transforms: _Optional[_Iterable[bytes]] = ..., edit_hashes: _Optional[_Iterable[bytes]] = ..., imported_history: _Optional[_Union[_dlq_service_pb2.ImportedHistory, _Mapping[str, object]]] = ...) -> None: ...
