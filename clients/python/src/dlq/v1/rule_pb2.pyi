import datetime

from dlq.v1 import message_pb2 as _message_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RuleEvent(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RULE_EVENT_UNSPECIFIED: _ClassVar[RuleEvent]
    RULE_EVENT_ARRIVAL: _ClassVar[RuleEvent]
    RULE_EVENT_FAILURE: _ClassVar[RuleEvent]

class TransformTarget(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRANSFORM_TARGET_UNSPECIFIED: _ClassVar[TransformTarget]
    TRANSFORM_TARGET_PAYLOAD: _ClassVar[TransformTarget]
    TRANSFORM_TARGET_ATTRIBUTES: _ClassVar[TransformTarget]
RULE_EVENT_UNSPECIFIED: RuleEvent
RULE_EVENT_ARRIVAL: RuleEvent
RULE_EVENT_FAILURE: RuleEvent
TRANSFORM_TARGET_UNSPECIFIED: TransformTarget
TRANSFORM_TARGET_PAYLOAD: TransformTarget
TRANSFORM_TARGET_ATTRIBUTES: TransformTarget

class RuleSet(_message.Message):
    __slots__ = ("rules", "etag", "update_time")
    RULES_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[Rule]
    etag: str
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, rules: _Optional[_Iterable[_Union[Rule, _Mapping[str, object]]]] = ..., etag: _Optional[str] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...

class Rule(_message.Message):
    __slots__ = ("name", "event", "when", "action", "proceed", "disabled")
    NAME_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    WHEN_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    PROCEED_FIELD_NUMBER: _ClassVar[int]
    DISABLED_FIELD_NUMBER: _ClassVar[int]
    name: str
    event: RuleEvent
    when: str
    action: RuleAction
    proceed: bool
    disabled: bool
    def __init__(self, name: _Optional[str] = ..., event: _Optional[_Union[RuleEvent, str]] = ..., when: _Optional[str] = ..., action: _Optional[_Union[RuleAction, _Mapping[str, object]]] = ..., proceed: bool = ..., disabled: bool = ...) -> None: ...

class RuleAction(_message.Message):
    __slots__ = ("queue", "retry_policy", "priority", "quarantine", "drop", "transforms")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    RETRY_POLICY_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    QUARANTINE_FIELD_NUMBER: _ClassVar[int]
    DROP_FIELD_NUMBER: _ClassVar[int]
    TRANSFORMS_FIELD_NUMBER: _ClassVar[int]
    queue: str
    retry_policy: _message_pb2.RetryPolicy
    priority: int
    quarantine: bool
    drop: bool
    transforms: _containers.RepeatedCompositeFieldContainer[Transform]
    def __init__(self, queue: _Optional[str] = ..., retry_policy: _Optional[_Union[_message_pb2.RetryPolicy, _Mapping[str, object]]] = ..., priority: _Optional[int] = ..., quarantine: bool = ..., drop: bool = ..., transforms: _Optional[_Iterable[_Union[Transform, _Mapping[str, object]]]] = ...) -> None: ...

class Transform(_message.Message):
    __slots__ = ("target", "json_patch", "merge_patch")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    JSON_PATCH_FIELD_NUMBER: _ClassVar[int]
    MERGE_PATCH_FIELD_NUMBER: _ClassVar[int]
    target: TransformTarget
    json_patch: str
    merge_patch: str
    def __init__(self, target: _Optional[_Union[TransformTarget, str]] = ..., json_patch: _Optional[str] = ..., merge_patch: _Optional[str] = ...) -> None: ...

class TransformList(_message.Message):
    __slots__ = ("transforms",)
    TRANSFORMS_FIELD_NUMBER: _ClassVar[int]
    transforms: _containers.RepeatedCompositeFieldContainer[Transform]
    def __init__(self, transforms: _Optional[_Iterable[_Union[Transform, _Mapping[str, object]]]] = ...) -> None: ...
