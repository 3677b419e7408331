import datetime

from dlq.v1 import message_pb2 as _message_pb2
from dlq.v1 import rule_pb2 as _rule_pb2
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

class TtlAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TTL_ACTION_UNSPECIFIED: _ClassVar[TtlAction]
    TTL_ACTION_QUARANTINE: _ClassVar[TtlAction]
    TTL_ACTION_DISCARD: _ClassVar[TtlAction]

class BreakerScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BREAKER_SCOPE_UNSPECIFIED: _ClassVar[BreakerScope]
    BREAKER_SCOPE_OFF: _ClassVar[BreakerScope]
    BREAKER_SCOPE_QUEUE: _ClassVar[BreakerScope]
    BREAKER_SCOPE_KEY: _ClassVar[BreakerScope]

class OrderingMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDERING_MODE_UNSPECIFIED: _ClassVar[OrderingMode]
    ORDERING_MODE_OFF: _ClassVar[OrderingMode]
    ORDERING_MODE_KEY: _ClassVar[OrderingMode]
    ORDERING_MODE_HOLD: _ClassVar[OrderingMode]
TTL_ACTION_UNSPECIFIED: TtlAction
TTL_ACTION_QUARANTINE: TtlAction
TTL_ACTION_DISCARD: TtlAction
BREAKER_SCOPE_UNSPECIFIED: BreakerScope
BREAKER_SCOPE_OFF: BreakerScope
BREAKER_SCOPE_QUEUE: BreakerScope
BREAKER_SCOPE_KEY: BreakerScope
ORDERING_MODE_UNSPECIFIED: OrderingMode
ORDERING_MODE_OFF: OrderingMode
ORDERING_MODE_KEY: OrderingMode
ORDERING_MODE_HOLD: OrderingMode

class Queue(_message.Message):
    __slots__ = ("name", "config", "effective_config", "etag", "update_time", "exists")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_CONFIG_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXISTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    config: QueueConfig
    effective_config: QueueConfig
    etag: str
    update_time: _timestamp_pb2.Timestamp
    exists: bool
    def __init__(self, name: _Optional[str] = ..., config: _Optional[_Union[QueueConfig, _Mapping[str, object]]] = ..., effective_config: _Optional[_Union[QueueConfig, _Mapping[str, object]]] = ..., etag: _Optional[str] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., exists: bool = ...) -> None: ...

class QueueConfig(_message.Message):
    __slots__ = ("retry_policy", "retry_policies", "max_retries", "non_retryable", "ttl", "ttl_action", "quarantine_retention", "poison_threshold", "poison_window", "dedup_window", "lease_duration", "max_messages", "max_bytes", "rate", "key_limits", "breaker", "retry_budget", "ordering", "pause", "transforms", "redact", "retain_succeeded", "retain_deleted", "retain_bytes")
    class RetryPoliciesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _message_pb2.RetryPolicy
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_message_pb2.RetryPolicy, _Mapping[str, object]]] = ...) -> None: ...
    RETRY_POLICY_FIELD_NUMBER: _ClassVar[int]
    RETRY_POLICIES_FIELD_NUMBER: _ClassVar[int]
    MAX_RETRIES_FIELD_NUMBER: _ClassVar[int]
    NON_RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    TTL_ACTION_FIELD_NUMBER: _ClassVar[int]
    QUARANTINE_RETENTION_FIELD_NUMBER: _ClassVar[int]
    POISON_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    POISON_WINDOW_FIELD_NUMBER: _ClassVar[int]
    DEDUP_WINDOW_FIELD_NUMBER: _ClassVar[int]
    LEASE_DURATION_FIELD_NUMBER: _ClassVar[int]
    MAX_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    MAX_BYTES_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    KEY_LIMITS_FIELD_NUMBER: _ClassVar[int]
    BREAKER_FIELD_NUMBER: _ClassVar[int]
    RETRY_BUDGET_FIELD_NUMBER: _ClassVar[int]
    ORDERING_FIELD_NUMBER: _ClassVar[int]
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    TRANSFORMS_FIELD_NUMBER: _ClassVar[int]
    REDACT_FIELD_NUMBER: _ClassVar[int]
    RETAIN_SUCCEEDED_FIELD_NUMBER: _ClassVar[int]
    RETAIN_DELETED_FIELD_NUMBER: _ClassVar[int]
    RETAIN_BYTES_FIELD_NUMBER: _ClassVar[int]
    retry_policy: _message_pb2.RetryPolicy
    retry_policies: _containers.MessageMap[str, _message_pb2.RetryPolicy]
    max_retries: int
    non_retryable: NonRetryable
    ttl: _duration_pb2.Duration
    ttl_action: TtlAction
    quarantine_retention: _duration_pb2.Duration
    poison_threshold: int
    poison_window: _duration_pb2.Duration
    dedup_window: _duration_pb2.Duration
    lease_duration: _duration_pb2.Duration
    max_messages: int
    max_bytes: int
    rate: Rate
    key_limits: KeyLimits
    breaker: BreakerConfig
    retry_budget: RetryBudget
    ordering: OrderingConfig
    pause: Pause
    transforms: _rule_pb2.TransformList
    redact: RedactConfig
    retain_succeeded: _duration_pb2.Duration
    retain_deleted: _duration_pb2.Duration
    retain_bytes: int
    def __init__(self, retry_policy: _Optional[_Union[_message_pb2.RetryPolicy, _Mapping[str, object]]] = ..., retry_policies: _Optional[_Mapping[str, _message_pb2.RetryPolicy]] = ..., max_retries: _Optional[int] = ..., non_retryable: _Optional[_Union[NonRetryable, _Mapping[str, object]]] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., ttl_action: _Optional[_Union[TtlAction, str]] = ..., quarantine_retention: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., poison_threshold: _Optional[int] = ..., poison_window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., dedup_window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., lease_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., max_messages: _Optional[int] = ..., max_bytes: _Optional[int] = ..., rate: _Optional[_Union[Rate, _Mapping[str, object]]] = ..., key_limits: _Optional[_Union[KeyLimits, _Mapping[str, object]]] = ..., breaker: _Optional[_Union[BreakerConfig, _Mapping[str, object]]] = ..., retry_budget: _Optional[_Union[RetryBudget, _Mapping[str, object]]] = ..., ordering: _Optional[_Union[OrderingConfig, _Mapping[str, object]]] = ..., pause: _Optional[_Union[Pause, _Mapping[str, object]]] = ..., transforms: _Optional[_Union[_rule_pb2.TransformList, _Mapping[str, object]]] = ..., redact: _Optional[_Union[RedactConfig, _Mapping[str, object]]] = ..., retain_succeeded: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., retain_deleted: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., retain_bytes: _Optional[int] = ...) -> None: ...

class NonRetryable(_message.Message):
    __slots__ = ("reasons", "types")
    REASONS_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    reasons: _containers.RepeatedScalarFieldContainer[_state_pb2.Reason]
    types: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, reasons: _Optional[_Iterable[_Union[_state_pb2.Reason, str]]] = ..., types: _Optional[_Iterable[str]] = ...) -> None: ...

class Rate(_message.Message):
    __slots__ = ("per_second", "burst")
    PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    BURST_FIELD_NUMBER: _ClassVar[int]
    per_second: float
    burst: int
    def __init__(self, per_second: _Optional[float] = ..., burst: _Optional[int] = ...) -> None: ...

class KeyLimits(_message.Message):
    __slots__ = ("attribute", "rate", "max_in_flight")
    ATTRIBUTE_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    MAX_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    attribute: str
    rate: Rate
    max_in_flight: int
    def __init__(self, attribute: _Optional[str] = ..., rate: _Optional[_Union[Rate, _Mapping[str, object]]] = ..., max_in_flight: _Optional[int] = ...) -> None: ...

class BreakerConfig(_message.Message):
    __slots__ = ("scope", "window", "minimum_volume", "failure_ratio", "consecutive_failures", "open_time", "max_open_time", "probes", "probe_timeout", "reasons")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_VOLUME_FIELD_NUMBER: _ClassVar[int]
    FAILURE_RATIO_FIELD_NUMBER: _ClassVar[int]
    CONSECUTIVE_FAILURES_FIELD_NUMBER: _ClassVar[int]
    OPEN_TIME_FIELD_NUMBER: _ClassVar[int]
    MAX_OPEN_TIME_FIELD_NUMBER: _ClassVar[int]
    PROBES_FIELD_NUMBER: _ClassVar[int]
    PROBE_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    scope: BreakerScope
    window: _duration_pb2.Duration
    minimum_volume: int
    failure_ratio: float
    consecutive_failures: int
    open_time: _duration_pb2.Duration
    max_open_time: _duration_pb2.Duration
    probes: int
    probe_timeout: _duration_pb2.Duration
    reasons: _containers.RepeatedScalarFieldContainer[_state_pb2.Reason]
    def __init__(self, scope: _Optional[_Union[BreakerScope, str]] = ..., window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., minimum_volume: _Optional[int] = ..., failure_ratio: _Optional[float] = ..., consecutive_failures: _Optional[int] = ..., open_time: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., max_open_time: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., probes: _Optional[int] = ..., probe_timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., reasons: _Optional[_Iterable[_Union[_state_pb2.Reason, str]]] = ...) -> None: ...

class RetryBudget(_message.Message):
    __slots__ = ("ratio", "min_per_second")
    RATIO_FIELD_NUMBER: _ClassVar[int]
    MIN_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    ratio: float
    min_per_second: float
    def __init__(self, ratio: _Optional[float] = ..., min_per_second: _Optional[float] = ...) -> None: ...

class OrderingConfig(_message.Message):
    __slots__ = ("mode", "hold_max_age")
    MODE_FIELD_NUMBER: _ClassVar[int]
    HOLD_MAX_AGE_FIELD_NUMBER: _ClassVar[int]
    mode: OrderingMode
    hold_max_age: _duration_pb2.Duration
    def __init__(self, mode: _Optional[_Union[OrderingMode, str]] = ..., hold_max_age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ...) -> None: ...

class Pause(_message.Message):
    __slots__ = ("paused", "reason", "until")
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    paused: bool
    reason: str
    until: _timestamp_pb2.Timestamp
    def __init__(self, paused: bool = ..., reason: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...

class RedactConfig(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, entries: _Optional[_Iterable[str]] = ...) -> None: ...
