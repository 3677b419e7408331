import datetime

from dlq.v1 import state_pb2 as _state_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GroupState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GROUP_STATE_UNSPECIFIED: _ClassVar[GroupState]
    GROUP_STATE_OPEN: _ClassVar[GroupState]
    GROUP_STATE_RESOLVED: _ClassVar[GroupState]
    GROUP_STATE_REGRESSED: _ClassVar[GroupState]
    GROUP_STATE_ARCHIVED: _ClassVar[GroupState]
GROUP_STATE_UNSPECIFIED: GroupState
GROUP_STATE_OPEN: GroupState
GROUP_STATE_RESOLVED: GroupState
GROUP_STATE_REGRESSED: GroupState
GROUP_STATE_ARCHIVED: GroupState

class Group(_message.Message):
    __slots__ = ("id", "state", "why", "reason", "failure_type", "failure_message", "frame", "fingerprint", "stored_count", "failure_count", "recent_failure_count", "first_failure_time", "last_failure_time", "trend", "trend_interval", "queues", "queue_count", "latest_message", "state_time", "state_caller", "note", "regressed_time", "archived_until_time", "archived_until_count", "archived_failure_count", "reopened", "link")
    ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    FAILURE_TYPE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    STORED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_COUNT_FIELD_NUMBER: _ClassVar[int]
    RECENT_FAILURE_COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRST_FAILURE_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_FAILURE_TIME_FIELD_NUMBER: _ClassVar[int]
    TREND_FIELD_NUMBER: _ClassVar[int]
    TREND_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    QUEUES_FIELD_NUMBER: _ClassVar[int]
    QUEUE_COUNT_FIELD_NUMBER: _ClassVar[int]
    LATEST_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STATE_TIME_FIELD_NUMBER: _ClassVar[int]
    STATE_CALLER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    REGRESSED_TIME_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_UNTIL_TIME_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_UNTIL_COUNT_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_FAILURE_COUNT_FIELD_NUMBER: _ClassVar[int]
    REOPENED_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    id: str
    state: GroupState
    why: str
    reason: _state_pb2.Reason
    failure_type: str
    failure_message: str
    frame: str
    fingerprint: str
    stored_count: int
    failure_count: int
    recent_failure_count: int
    first_failure_time: _timestamp_pb2.Timestamp
    last_failure_time: _timestamp_pb2.Timestamp
    trend: _containers.RepeatedScalarFieldContainer[int]
    trend_interval: _duration_pb2.Duration
    queues: _containers.RepeatedCompositeFieldContainer[GroupQueue]
    queue_count: int
    latest_message: GroupMessage
    state_time: _timestamp_pb2.Timestamp
    state_caller: str
    note: str
    regressed_time: _timestamp_pb2.Timestamp
    archived_until_time: _timestamp_pb2.Timestamp
    archived_until_count: int
    archived_failure_count: int
    reopened: bool
    link: str
    def __init__(self, id: _Optional[str] = ..., state: _Optional[_Union[GroupState, str]] = ..., why: _Optional[str] = ..., reason: _Optional[_Union[_state_pb2.Reason, str]] = ..., failure_type: _Optional[str] = ..., failure_message: _Optional[str] = ..., frame: _Optional[str] = ..., fingerprint: _Optional[str] = ..., stored_count: _Optional[int] = ..., failure_count: _Optional[int] = ..., recent_failure_count: _Optional[int] = ..., first_failure_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., last_failure_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., trend: _Optional[_Iterable[int]] = ..., trend_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., queues: _Optional[_Iterable[_Union[GroupQueue, _Mapping[str, object]]]] = ..., queue_count: _Optional[int] = ..., latest_message: _Optional[_Union[GroupMessage, _Mapping[str, object]]] = ..., state_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., state_caller: _Optional[str] = ..., note: _Optional[str] = ..., regressed_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., archived_until_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., archived_until_count: _Optional[int] = ..., archived_failure_count: _Optional[int] = ..., reopened: bool = ..., link: _Optional[str] = ...) -> None: ...

class GroupQueue(_message.Message):
    __slots__ = ("queue", "stored_count")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    STORED_COUNT_FIELD_NUMBER: _ClassVar[int]
    queue: str
    stored_count: int
    def __init__(self, queue: _Optional[str] = ..., stored_count: _Optional[int] = ...) -> None: ...

class GroupMessage(_message.Message):
    __slots__ = ("queue", "id")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    queue: str
    id: str
    def __init__(self, queue: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...
