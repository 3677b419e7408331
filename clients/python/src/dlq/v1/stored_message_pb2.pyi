import datetime

from dlq.v1 import dlq_service_pb2 as _dlq_service_pb2
from dlq.v1 import failure_pb2 as _failure_pb2
from dlq.v1 import message_pb2 as _message_pb2
from dlq.v1 import rule_pb2 as _rule_pb2
from dlq.v1 import state_pb2 as _state_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MessageEventKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MESSAGE_EVENT_KIND_UNSPECIFIED: _ClassVar[MessageEventKind]
    MESSAGE_EVENT_KIND_RETRIED: _ClassVar[MessageEventKind]
    MESSAGE_EVENT_KIND_LEASE_LOST: _ClassVar[MessageEventKind]
    MESSAGE_EVENT_KIND_LEASE_BROKEN: _ClassVar[MessageEventKind]
    MESSAGE_EVENT_KIND_MOVED: _ClassVar[MessageEventKind]
    MESSAGE_EVENT_KIND_MOVE_REFUSED: _ClassVar[MessageEventKind]
    MESSAGE_EVENT_KIND_QUARANTINED: _ClassVar[MessageEventKind]
    MESSAGE_EVENT_KIND_IMPORTED: _ClassVar[MessageEventKind]
    MESSAGE_EVENT_KIND_UNDELETED: _ClassVar[MessageEventKind]
MESSAGE_EVENT_KIND_UNSPECIFIED: MessageEventKind
MESSAGE_EVENT_KIND_RETRIED: MessageEventKind
MESSAGE_EVENT_KIND_LEASE_LOST: MessageEventKind
MESSAGE_EVENT_KIND_LEASE_BROKEN: MessageEventKind
MESSAGE_EVENT_KIND_MOVED: MessageEventKind
MESSAGE_EVENT_KIND_MOVE_REFUSED: MessageEventKind
MESSAGE_EVENT_KIND_QUARANTINED: MessageEventKind
MESSAGE_EVENT_KIND_IMPORTED: MessageEventKind
MESSAGE_EVENT_KIND_UNDELETED: MessageEventKind

class StoredMessage(_message.Message):
    __slots__ = ("message", "state", "state_time", "quarantine_reason", "lease", "moving_to", "isolated", "delivery_count", "release_count", "expired_lease_count", "unknown_outcome_count", "failures", "original", "edits", "max_retries", "retry_policy", "rule_retry_policy", "size_bytes", "group_id", "redacted", "events")
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATE_TIME_FIELD_NUMBER: _ClassVar[int]
    QUARANTINE_REASON_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    MOVING_TO_FIELD_NUMBER: _ClassVar[int]
    ISOLATED_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_COUNT_FIELD_NUMBER: _ClassVar[int]
    RELEASE_COUNT_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_LEASE_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_OUTCOME_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_FIELD_NUMBER: _ClassVar[int]
    EDITS_FIELD_NUMBER: _ClassVar[int]
    MAX_RETRIES_FIELD_NUMBER: _ClassVar[int]
    RETRY_POLICY_FIELD_NUMBER: _ClassVar[int]
    RULE_RETRY_POLICY_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    REDACTED_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    message: _message_pb2.Message
    state: _state_pb2.MessageState
    state_time: _timestamp_pb2.Timestamp
    quarantine_reason: _state_pb2.QuarantineReason
    lease: MessageLease
    moving_to: str
    isolated: bool
    delivery_count: int
    release_count: int
    expired_lease_count: int
    unknown_outcome_count: int
    failures: _containers.RepeatedCompositeFieldContainer[FailureRecord]
    original: _dlq_service_pb2.MessageContent
    edits: _containers.RepeatedCompositeFieldContainer[MessageEdit]
    max_retries: int
    retry_policy: _message_pb2.RetryPolicy
    rule_retry_policy: _message_pb2.RetryPolicy
    size_bytes: int
    group_id: str
    redacted: _containers.RepeatedScalarFieldContainer[str]
    events: _containers.RepeatedCompositeFieldContainer[MessageEvent]
    def __init__(self, message: _Optional[_Union[_message_pb2.Message, _Mapping[str, object]]] = ..., state: _Optional[_Union[_state_pb2.MessageState, str]] = ..., state_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., quarantine_reason: _Optional[_Union[_state_pb2.QuarantineReason, str]] = ..., lease: _Optional[_Union[MessageLease, _Mapping[str, object]]] = ..., moving_to: _Optional[str] = ..., isolated: bool = ..., delivery_count: _Optional[int] = ..., release_count: _Optional[int] = ..., expired_lease_count: _Optional[int] = ..., unknown_outcome_count: _Optional[int] = ..., failures: _Optional[_Iterable[_Union[FailureRecord, _Mapping[str, object]]]] = ..., original: _Optional[_Union[_dlq_service_pb2.MessageContent, _Mapping[str, object]]] = ..., edits: _Optional[_Iterable[_Union[MessageEdit, _Mapping[str, object]]]] = ..., max_retries: _Optional[int] = ..., retry_policy: _Optional[_Union[_message_pb2.RetryPolicy, _Mapping[str, object]]] = ..., rule_retry_policy: _Optional[_Union[_message_pb2.RetryPolicy, _Mapping[str, object]]] = ..., size_bytes: _Optional[int] = ..., group_id: _Optional[str] = ..., redacted: _Optional[_Iterable[str]] = ..., events: _Optional[_Iterable[_Union[MessageEvent, _Mapping[str, object]]]] = ...) -> None: ...

class MessageLease(_message.Message):
    __slots__ = ("worker_id", "start_time", "expire_time", "stream_ended")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    STREAM_ENDED_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    start_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    stream_ended: bool
    def __init__(self, worker_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., stream_ended: bool = ...) -> None: ...

class FailureRecord(_message.Message):
    __slots__ = ("failure", "time", "imported", "start_time", "worker_id", "server", "delivery_number", "decision")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    IMPORTED_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    failure: _failure_pb2.Failure
    time: _timestamp_pb2.Timestamp
    imported: bool
    start_time: _timestamp_pb2.Timestamp
    worker_id: str
    server: str
    delivery_number: int
    decision: str
    def __init__(self, failure: _Optional[_Union[_failure_pb2.Failure, _Mapping[str, object]]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., imported: bool = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., worker_id: _Optional[str] = ..., server: _Optional[str] = ..., delivery_number: _Optional[int] = ..., decision: _Optional[str] = ...) -> None: ...

class MessageEvent(_message.Message):
    __slots__ = ("kind", "time", "start_time", "worker_id", "server", "delivery_number", "caller", "queue", "quarantine_reason", "note")
    KIND_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    QUARANTINE_REASON_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    kind: MessageEventKind
    time: _timestamp_pb2.Timestamp
    start_time: _timestamp_pb2.Timestamp
    worker_id: str
    server: str
    delivery_number: int
    caller: str
    queue: str
    quarantine_reason: _state_pb2.QuarantineReason
    note: str
    def __init__(self, kind: _Optional[_Union[MessageEventKind, str]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., worker_id: _Optional[str] = ..., server: _Optional[str] = ..., delivery_number: _Optional[int] = ..., caller: _Optional[str] = ..., queue: _Optional[str] = ..., quarantine_reason: _Optional[_Union[_state_pb2.QuarantineReason, str]] = ..., note: _Optional[str] = ...) -> None: ...

class MessageEdit(_message.Message):
    __slots__ = ("source", "time", "target", "patch", "inverse")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    PATCH_FIELD_NUMBER: _ClassVar[int]
    INVERSE_FIELD_NUMBER: _ClassVar[int]
    source: str
    time: _timestamp_pb2.Timestamp
    target: _rule_pb2.TransformTarget
    patch: str
    inverse: str
    def __init__(self, source: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., target: _Optional[_Union[_rule_pb2.TransformTarget, str]] = ..., patch: _Optional[str] = ..., inverse: _Optional[str] = ...) -> None: ...
