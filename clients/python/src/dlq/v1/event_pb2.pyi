import datetime

from dlq.v1 import state_pb2 as _state_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EventType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_TYPE_UNSPECIFIED: _ClassVar[EventType]
    EVENT_TYPE_MESSAGE_ADDED: _ClassVar[EventType]
    EVENT_TYPE_RETRY_SCHEDULED: _ClassVar[EventType]
    EVENT_TYPE_RETRY_SUCCESS: _ClassVar[EventType]
    EVENT_TYPE_RETRY_FAILED: _ClassVar[EventType]
    EVENT_TYPE_MOVED_TO_POISON: _ClassVar[EventType]
    EVENT_TYPE_RELEASED: _ClassVar[EventType]
    EVENT_TYPE_LEASE_EXPIRED: _ClassVar[EventType]
    EVENT_TYPE_EXPIRED: _ClassVar[EventType]
    EVENT_TYPE_DISCARDED: _ClassVar[EventType]
    EVENT_TYPE_PURGED: _ClassVar[EventType]
    EVENT_TYPE_MOVED: _ClassVar[EventType]
    EVENT_TYPE_EDITED: _ClassVar[EventType]
    EVENT_TYPE_RETRIED: _ClassVar[EventType]
    EVENT_TYPE_BREAKER_OPENED: _ClassVar[EventType]
    EVENT_TYPE_BREAKER_HALF_OPENED: _ClassVar[EventType]
    EVENT_TYPE_BREAKER_CLOSED: _ClassVar[EventType]
    EVENT_TYPE_QUEUE_PAUSED: _ClassVar[EventType]
    EVENT_TYPE_QUEUE_RESUMED: _ClassVar[EventType]
    EVENT_TYPE_GROUP_OPENED: _ClassVar[EventType]
    EVENT_TYPE_GROUP_REGRESSED: _ClassVar[EventType]
    EVENT_TYPE_DELIVERED: _ClassVar[EventType]
    EVENT_TYPE_MOVED_AWAY: _ClassVar[EventType]
    EVENT_TYPE_UNDELETED: _ClassVar[EventType]
EVENT_TYPE_UNSPECIFIED: EventType
EVENT_TYPE_MESSAGE_ADDED: EventType
EVENT_TYPE_RETRY_SCHEDULED: EventType
EVENT_TYPE_RETRY_SUCCESS: EventType
EVENT_TYPE_RETRY_FAILED: EventType
EVENT_TYPE_MOVED_TO_POISON: EventType
EVENT_TYPE_RELEASED: EventType
EVENT_TYPE_LEASE_EXPIRED: EventType
EVENT_TYPE_EXPIRED: EventType
EVENT_TYPE_DISCARDED: EventType
EVENT_TYPE_PURGED: EventType
EVENT_TYPE_MOVED: EventType
EVENT_TYPE_EDITED: EventType
EVENT_TYPE_RETRIED: EventType
EVENT_TYPE_BREAKER_OPENED: EventType
EVENT_TYPE_BREAKER_HALF_OPENED: EventType
EVENT_TYPE_BREAKER_CLOSED: EventType
EVENT_TYPE_QUEUE_PAUSED: EventType
EVENT_TYPE_QUEUE_RESUMED: EventType
EVENT_TYPE_GROUP_OPENED: EventType
EVENT_TYPE_GROUP_REGRESSED: EventType
EVENT_TYPE_DELIVERED: EventType
EVENT_TYPE_MOVED_AWAY: EventType
EVENT_TYPE_UNDELETED: EventType

class Event(_message.Message):
    __slots__ = ("id", "type", "time", "queue", "message_id", "reason", "retry_count", "state", "quarantine_reason", "delivery_count", "due_time", "version", "note", "other_queue", "breaker_key", "group_id", "source_id", "attributes", "action")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RETRY_COUNT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    QUARANTINE_REASON_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_COUNT_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    OTHER_QUEUE_FIELD_NUMBER: _ClassVar[int]
    BREAKER_KEY_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    id: str
    type: EventType
    time: _timestamp_pb2.Timestamp
    queue: str
    message_id: str
    reason: _state_pb2.Reason
    retry_count: int
    state: _state_pb2.MessageState
    quarantine_reason: _state_pb2.QuarantineReason
    delivery_count: int
    due_time: _timestamp_pb2.Timestamp
    version: int
    note: str
    other_queue: str
    breaker_key: str
    group_id: str
    source_id: str
    attributes: _containers.ScalarMap[str, str]
    action: ActionFields
    def __init__(self, id: _Optional[str] = ..., type: _Optional[_Union[EventType, str]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., queue: _Optional[str] = ..., message_id: _Optional[str] = ..., reason: _Optional[_Union[_state_pb2.Reason, str]] = ..., retry_count: _Optional[int] = ..., state: _Optional[_Union[_state_pb2.MessageState, str]] = ..., quarantine_reason: _Optional[_Union[_state_pb2.QuarantineReason, str]] = ..., delivery_count: _Optional[int] = ..., due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., version: _Optional[int] = ..., note: _Optional[str] = ..., other_queue: _Optional[str] = ..., breaker_key: _Optional[str] = ..., group_id: _Optional[str] = ..., source_id: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ..., action: _Optional[_Union[ActionFields, _Mapping[str, object]]] = ...) -> None: ...

class ActionFields(_message.Message):
    __slots__ = ("action_type_id", "object_ids", "executed_by", "omitted_object_count")
    ACTION_TYPE_ID_FIELD_NUMBER: _ClassVar[int]
    OBJECT_IDS_FIELD_NUMBER: _ClassVar[int]
    EXECUTED_BY_FIELD_NUMBER: _ClassVar[int]
    OMITTED_OBJECT_COUNT_FIELD_NUMBER: _ClassVar[int]
    action_type_id: str
    object_ids: _containers.RepeatedScalarFieldContainer[str]
    executed_by: str
    omitted_object_count: int
    def __init__(self, action_type_id: _Optional[str] = ..., object_ids: _Optional[_Iterable[str]] = ..., executed_by: _Optional[str] = ..., omitted_object_count: _Optional[int] = ...) -> None: ...

class EventGap(_message.Message):
    __slots__ = ("missed_count", "undone_count", "after_time", "until_time")
    MISSED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNDONE_COUNT_FIELD_NUMBER: _ClassVar[int]
    AFTER_TIME_FIELD_NUMBER: _ClassVar[int]
    UNTIL_TIME_FIELD_NUMBER: _ClassVar[int]
    missed_count: int
    undone_count: int
    after_time: _timestamp_pb2.Timestamp
    until_time: _timestamp_pb2.Timestamp
    def __init__(self, missed_count: _Optional[int] = ..., undone_count: _Optional[int] = ..., after_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., until_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...
