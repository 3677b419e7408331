import datetime

from dlq.v1 import event_pb2 as _event_pb2
from dlq.v1 import failure_pb2 as _failure_pb2
from dlq.v1 import message_pb2 as _message_pb2
from dlq.v1 import rule_pb2 as _rule_pb2
from dlq.v1 import state_pb2 as _state_pb2
from google.protobuf import any_pb2 as _any_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AckStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACK_STATUS_UNSPECIFIED: _ClassVar[AckStatus]
    ACK_STATUS_APPLIED: _ClassVar[AckStatus]
    ACK_STATUS_LEASE_LOST: _ClassVar[AckStatus]
    ACK_STATUS_NOT_FOUND: _ClassVar[AckStatus]
    ACK_STATUS_INVALID: _ClassVar[AckStatus]
    ACK_STATUS_INTERNAL: _ClassVar[AckStatus]

class RetryRefusal(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RETRY_REFUSAL_UNSPECIFIED: _ClassVar[RetryRefusal]
    RETRY_REFUSAL_NOT_FOUND: _ClassVar[RetryRefusal]
    RETRY_REFUSAL_IN_FLIGHT: _ClassVar[RetryRefusal]
    RETRY_REFUSAL_INVALID_ID: _ClassVar[RetryRefusal]
    RETRY_REFUSAL_TRANSFORM_FAILED: _ClassVar[RetryRefusal]

class ConditionCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONDITION_CODE_UNSPECIFIED: _ClassVar[ConditionCode]
    CONDITION_CODE_EMPTY: _ClassVar[ConditionCode]
    CONDITION_CODE_ALL_QUARANTINED: _ClassVar[ConditionCode]
    CONDITION_CODE_NOTHING_DUE: _ClassVar[ConditionCode]
    CONDITION_CODE_NO_WORKERS: _ClassVar[ConditionCode]
    CONDITION_CODE_WORKERS_BUSY: _ClassVar[ConditionCode]
    CONDITION_CODE_DELIVERING: _ClassVar[ConditionCode]
    CONDITION_CODE_PAUSED: _ClassVar[ConditionCode]
    CONDITION_CODE_BREAKER_OPEN: _ClassVar[ConditionCode]
    CONDITION_CODE_ISOLATING: _ClassVar[ConditionCode]
    CONDITION_CODE_LIMITED: _ClassVar[ConditionCode]
    CONDITION_CODE_ORDER_HELD: _ClassVar[ConditionCode]
    CONDITION_CODE_SENDS_REFUSED: _ClassVar[ConditionCode]
    CONDITION_CODE_QUARANTINED: _ClassVar[ConditionCode]
    CONDITION_CODE_DAMAGED: _ClassVar[ConditionCode]
ACK_STATUS_UNSPECIFIED: AckStatus
ACK_STATUS_APPLIED: AckStatus
ACK_STATUS_LEASE_LOST: AckStatus
ACK_STATUS_NOT_FOUND: AckStatus
ACK_STATUS_INVALID: AckStatus
ACK_STATUS_INTERNAL: AckStatus
RETRY_REFUSAL_UNSPECIFIED: RetryRefusal
RETRY_REFUSAL_NOT_FOUND: RetryRefusal
RETRY_REFUSAL_IN_FLIGHT: RetryRefusal
RETRY_REFUSAL_INVALID_ID: RetryRefusal
RETRY_REFUSAL_TRANSFORM_FAILED: RetryRefusal
CONDITION_CODE_UNSPECIFIED: ConditionCode
CONDITION_CODE_EMPTY: ConditionCode
CONDITION_CODE_ALL_QUARANTINED: ConditionCode
CONDITION_CODE_NOTHING_DUE: ConditionCode
CONDITION_CODE_NO_WORKERS: ConditionCode
CONDITION_CODE_WORKERS_BUSY: ConditionCode
CONDITION_CODE_DELIVERING: ConditionCode
CONDITION_CODE_PAUSED: ConditionCode
CONDITION_CODE_BREAKER_OPEN: ConditionCode
CONDITION_CODE_ISOLATING: ConditionCode
CONDITION_CODE_LIMITED: ConditionCode
CONDITION_CODE_ORDER_HELD: ConditionCode
CONDITION_CODE_SENDS_REFUSED: ConditionCode
CONDITION_CODE_QUARANTINED: ConditionCode
CONDITION_CODE_DAMAGED: ConditionCode

class SendToDlqRequest(_message.Message):
    __slots__ = ("request_id", "queue", "payload", "attributes", "failure", "source_id", "dedup_key", "ordering_key", "origin", "delay", "due_time", "ttl", "max_retries", "retry_policy", "priority", "trace_context", "send_number", "imported_history")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    DEDUP_KEY_FIELD_NUMBER: _ClassVar[int]
    ORDERING_KEY_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    DELAY_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    MAX_RETRIES_FIELD_NUMBER: _ClassVar[int]
    RETRY_POLICY_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    TRACE_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    SEND_NUMBER_FIELD_NUMBER: _ClassVar[int]
    IMPORTED_HISTORY_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    queue: str
    payload: _message_pb2.Payload
    attributes: _containers.ScalarMap[str, str]
    failure: _failure_pb2.Failure
    source_id: str
    dedup_key: str
    ordering_key: str
    origin: _message_pb2.Origin
    delay: _duration_pb2.Duration
    due_time: _timestamp_pb2.Timestamp
    ttl: _duration_pb2.Duration
    max_retries: int
    retry_policy: _message_pb2.RetryPolicy
    priority: int
    trace_context: _message_pb2.TraceContext
    send_number: SendNumber
    imported_history: ImportedHistory
    def __init__(self, request_id: _Optional[str] = ..., queue: _Optional[str] = ..., payload: _Optional[_Union[_message_pb2.Payload, _Mapping[str, object]]] = ..., attributes: _Optional[_Mapping[str, str]] = ..., failure: _Optional[_Union[_failure_pb2.Failure, _Mapping[str, object]]] = ..., source_id: _Optional[str] = ..., dedup_key: _Optional[str] = ..., ordering_key: _Optional[str] = ..., origin: _Optional[_Union[_message_pb2.Origin, _Mapping[str, object]]] = ..., delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., max_retries: _Optional[int] = ..., retry_policy: _Optional[_Union[_message_pb2.RetryPolicy, _Mapping[str, object]]] = ..., priority: _Optional[int] = ..., trace_context: _Optional[_Union[_message_pb2.TraceContext, _Mapping[str, object]]] = ..., send_number: _Optional[_Union[SendNumber, _Mapping[str, object]]] = ..., imported_history: _Optional[_Union[ImportedHistory, _Mapping[str, object]]] = ...) -> None: ...

class SendNumber(_message.Message):
    __slots__ = ("client_id", "number")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    client_id: bytes
    number: int
    def __init__(self, client_id: _Optional[bytes] = ..., number: _Optional[int] = ...) -> None: ...

class ImportedHistory(_message.Message):
    __slots__ = ("attempts", "failures", "first_failure_time", "quarantined")
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    FIRST_FAILURE_TIME_FIELD_NUMBER: _ClassVar[int]
    QUARANTINED_FIELD_NUMBER: _ClassVar[int]
    attempts: int
    failures: _containers.RepeatedCompositeFieldContainer[ImportedFailure]
    first_failure_time: _timestamp_pb2.Timestamp
    quarantined: bool
    def __init__(self, attempts: _Optional[int] = ..., failures: _Optional[_Iterable[_Union[ImportedFailure, _Mapping[str, object]]]] = ..., first_failure_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., quarantined: bool = ...) -> None: ...

class ImportedFailure(_message.Message):
    __slots__ = ("failure", "time")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    failure: _failure_pb2.Failure
    time: _timestamp_pb2.Timestamp
    def __init__(self, failure: _Optional[_Union[_failure_pb2.Failure, _Mapping[str, object]]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...

class SendToDlqResponse(_message.Message):
    __slots__ = ("id", "state", "reason", "due_time", "duplicate", "quarantine_reason", "queue")
    ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    QUARANTINE_REASON_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    id: str
    state: _state_pb2.MessageState
    reason: _state_pb2.Reason
    due_time: _timestamp_pb2.Timestamp
    duplicate: bool
    quarantine_reason: _state_pb2.QuarantineReason
    queue: str
    def __init__(self, id: _Optional[str] = ..., state: _Optional[_Union[_state_pb2.MessageState, str]] = ..., reason: _Optional[_Union[_state_pb2.Reason, str]] = ..., due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., duplicate: bool = ..., quarantine_reason: _Optional[_Union[_state_pb2.QuarantineReason, str]] = ..., queue: _Optional[str] = ...) -> None: ...

class SendToDlqBatchRequest(_message.Message):
    __slots__ = ("requests",)
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    requests: _containers.RepeatedCompositeFieldContainer[SendToDlqRequest]
    def __init__(self, requests: _Optional[_Iterable[_Union[SendToDlqRequest, _Mapping[str, object]]]] = ...) -> None: ...

class SendToDlqBatchResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[SendToDlqBatchResult]
    def __init__(self, results: _Optional[_Iterable[_Union[SendToDlqBatchResult, _Mapping[str, object]]]] = ...) -> None: ...

class SendToDlqBatchResult(_message.Message):
    __slots__ = ("response", "error")
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    response: SendToDlqResponse
    error: ErrorStatus
    def __init__(self, response: _Optional[_Union[SendToDlqResponse, _Mapping[str, object]]] = ..., error: _Optional[_Union[ErrorStatus, _Mapping[str, object]]] = ...) -> None: ...

class ErrorStatus(_message.Message):
    __slots__ = ("code", "message", "details")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    details: _containers.RepeatedCompositeFieldContainer[_any_pb2.Any]
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ..., details: _Optional[_Iterable[_Union[_any_pb2.Any, _Mapping[str, object]]]] = ...) -> None: ...

class StreamDueRequest(_message.Message):
    __slots__ = ("queues", "worker_id", "max_in_flight", "max_in_flight_bytes", "lease_duration", "resume_session_id")
    QUEUES_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    MAX_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    MAX_IN_FLIGHT_BYTES_FIELD_NUMBER: _ClassVar[int]
    LEASE_DURATION_FIELD_NUMBER: _ClassVar[int]
    RESUME_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    queues: _containers.RepeatedScalarFieldContainer[str]
    worker_id: str
    max_in_flight: int
    max_in_flight_bytes: int
    lease_duration: _duration_pb2.Duration
    resume_session_id: str
    def __init__(self, queues: _Optional[_Iterable[str]] = ..., worker_id: _Optional[str] = ..., max_in_flight: _Optional[int] = ..., max_in_flight_bytes: _Optional[int] = ..., lease_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., resume_session_id: _Optional[str] = ...) -> None: ...

class StreamDueResponse(_message.Message):
    __slots__ = ("opened", "deliveries", "heartbeat", "drain", "queue_status")
    OPENED_FIELD_NUMBER: _ClassVar[int]
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    QUEUE_STATUS_FIELD_NUMBER: _ClassVar[int]
    opened: Opened
    deliveries: Deliveries
    heartbeat: Heartbeat
    drain: Drain
    queue_status: QueueStatus
    def __init__(self, opened: _Optional[_Union[Opened, _Mapping[str, object]]] = ..., deliveries: _Optional[_Union[Deliveries, _Mapping[str, object]]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping[str, object]]] = ..., drain: _Optional[_Union[Drain, _Mapping[str, object]]] = ..., queue_status: _Optional[_Union[QueueStatus, _Mapping[str, object]]] = ...) -> None: ...

class Opened(_message.Message):
    __slots__ = ("session_id", "lease_duration", "leases_held")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_DURATION_FIELD_NUMBER: _ClassVar[int]
    LEASES_HELD_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    lease_duration: _duration_pb2.Duration
    leases_held: int
    def __init__(self, session_id: _Optional[str] = ..., lease_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., leases_held: _Optional[int] = ...) -> None: ...

class Deliveries(_message.Message):
    __slots__ = ("deliveries",)
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    deliveries: _containers.RepeatedCompositeFieldContainer[Delivery]
    def __init__(self, deliveries: _Optional[_Iterable[_Union[Delivery, _Mapping[str, object]]]] = ...) -> None: ...

class Delivery(_message.Message):
    __slots__ = ("message", "lease_token", "lease_expire_time", "attempt", "delivery_number", "outcome_unknown")
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LEASE_EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    message: _message_pb2.Message
    lease_token: str
    lease_expire_time: _timestamp_pb2.Timestamp
    attempt: int
    delivery_number: int
    outcome_unknown: bool
    def __init__(self, message: _Optional[_Union[_message_pb2.Message, _Mapping[str, object]]] = ..., lease_token: _Optional[str] = ..., lease_expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., attempt: _Optional[int] = ..., delivery_number: _Optional[int] = ..., outcome_unknown: bool = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class QueueStatus(_message.Message):
    __slots__ = ("queue", "paused", "breaker_state", "retry_time", "open_breakers")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    BREAKER_STATE_FIELD_NUMBER: _ClassVar[int]
    RETRY_TIME_FIELD_NUMBER: _ClassVar[int]
    OPEN_BREAKERS_FIELD_NUMBER: _ClassVar[int]
    queue: str
    paused: bool
    breaker_state: _state_pb2.BreakerState
    retry_time: _timestamp_pb2.Timestamp
    open_breakers: int
    def __init__(self, queue: _Optional[str] = ..., paused: bool = ..., breaker_state: _Optional[_Union[_state_pb2.BreakerState, str]] = ..., retry_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., open_breakers: _Optional[int] = ...) -> None: ...

class Drain(_message.Message):
    __slots__ = ("grace",)
    GRACE_FIELD_NUMBER: _ClassVar[int]
    grace: _duration_pb2.Duration
    def __init__(self, grace: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ...) -> None: ...

class AckRequest(_message.Message):
    __slots__ = ("request_id", "outcomes")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    outcomes: _containers.RepeatedCompositeFieldContainer[Outcome]
    def __init__(self, request_id: _Optional[str] = ..., outcomes: _Optional[_Iterable[_Union[Outcome, _Mapping[str, object]]]] = ...) -> None: ...

class Outcome(_message.Message):
    __slots__ = ("lease_token", "succeeded", "failed", "released", "quarantined", "discarded")
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SUCCEEDED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    QUARANTINED_FIELD_NUMBER: _ClassVar[int]
    DISCARDED_FIELD_NUMBER: _ClassVar[int]
    lease_token: str
    succeeded: Succeeded
    failed: Failed
    released: Released
    quarantined: Quarantined
    discarded: Discarded
    def __init__(self, lease_token: _Optional[str] = ..., succeeded: _Optional[_Union[Succeeded, _Mapping[str, object]]] = ..., failed: _Optional[_Union[Failed, _Mapping[str, object]]] = ..., released: _Optional[_Union[Released, _Mapping[str, object]]] = ..., quarantined: _Optional[_Union[Quarantined, _Mapping[str, object]]] = ..., discarded: _Optional[_Union[Discarded, _Mapping[str, object]]] = ...) -> None: ...

class Succeeded(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Failed(_message.Message):
    __slots__ = ("failure", "retry_after", "non_retryable")
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    NON_RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    failure: _failure_pb2.Failure
    retry_after: _duration_pb2.Duration
    non_retryable: bool
    def __init__(self, failure: _Optional[_Union[_failure_pb2.Failure, _Mapping[str, object]]] = ..., retry_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., non_retryable: bool = ...) -> None: ...

class Released(_message.Message):
    __slots__ = ("delay",)
    DELAY_FIELD_NUMBER: _ClassVar[int]
    delay: _duration_pb2.Duration
    def __init__(self, delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ...) -> None: ...

class Quarantined(_message.Message):
    __slots__ = ("note",)
    NOTE_FIELD_NUMBER: _ClassVar[int]
    note: str
    def __init__(self, note: _Optional[str] = ...) -> None: ...

class Discarded(_message.Message):
    __slots__ = ("note",)
    NOTE_FIELD_NUMBER: _ClassVar[int]
    note: str
    def __init__(self, note: _Optional[str] = ...) -> None: ...

class AckResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[AckResult]
    def __init__(self, results: _Optional[_Iterable[_Union[AckResult, _Mapping[str, object]]]] = ...) -> None: ...

class AckResult(_message.Message):
    __slots__ = ("status", "state", "due_time", "quarantine_reason", "detail")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    QUARANTINE_REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    status: AckStatus
    state: _state_pb2.MessageState
    due_time: _timestamp_pb2.Timestamp
    quarantine_reason: _state_pb2.QuarantineReason
    detail: str
    def __init__(self, status: _Optional[_Union[AckStatus, str]] = ..., state: _Optional[_Union[_state_pb2.MessageState, str]] = ..., due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., quarantine_reason: _Optional[_Union[_state_pb2.QuarantineReason, str]] = ..., detail: _Optional[str] = ...) -> None: ...

class ExtendLeaseRequest(_message.Message):
    __slots__ = ("lease_tokens", "session_id", "lease_duration")
    LEASE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_DURATION_FIELD_NUMBER: _ClassVar[int]
    lease_tokens: _containers.RepeatedScalarFieldContainer[str]
    session_id: str
    lease_duration: _duration_pb2.Duration
    def __init__(self, lease_tokens: _Optional[_Iterable[str]] = ..., session_id: _Optional[str] = ..., lease_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ...) -> None: ...

class ExtendLeaseResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[ExtendLeaseResult]
    def __init__(self, results: _Optional[_Iterable[_Union[ExtendLeaseResult, _Mapping[str, object]]]] = ...) -> None: ...

class ExtendLeaseResult(_message.Message):
    __slots__ = ("lease_token", "status", "lease_expire_time", "should_stop", "detail")
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    LEASE_EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    SHOULD_STOP_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    lease_token: str
    status: AckStatus
    lease_expire_time: _timestamp_pb2.Timestamp
    should_stop: bool
    detail: str
    def __init__(self, lease_token: _Optional[str] = ..., status: _Optional[_Union[AckStatus, str]] = ..., lease_expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., should_stop: bool = ..., detail: _Optional[str] = ...) -> None: ...

class RetryRequest(_message.Message):
    __slots__ = ("request_id", "queue", "ids", "filter", "expected_count", "transforms", "dry_run", "page_size", "page_token", "show_redacted")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    TRANSFORMS_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SHOW_REDACTED_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    queue: str
    ids: _containers.RepeatedScalarFieldContainer[str]
    filter: MessageFilter
    expected_count: int
    transforms: _containers.RepeatedCompositeFieldContainer[_rule_pb2.Transform]
    dry_run: bool
    page_size: int
    page_token: str
    show_redacted: bool
    def __init__(self, request_id: _Optional[str] = ..., queue: _Optional[str] = ..., ids: _Optional[_Iterable[str]] = ..., filter: _Optional[_Union[MessageFilter, _Mapping[str, object]]] = ..., expected_count: _Optional[int] = ..., transforms: _Optional[_Iterable[_Union[_rule_pb2.Transform, _Mapping[str, object]]]] = ..., dry_run: bool = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., show_redacted: bool = ...) -> None: ...

class MessageFilter(_message.Message):
    __slots__ = ("states", "reasons", "quarantine_reasons")
    STATES_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    QUARANTINE_REASONS_FIELD_NUMBER: _ClassVar[int]
    states: _containers.RepeatedScalarFieldContainer[_state_pb2.MessageState]
    reasons: _containers.RepeatedScalarFieldContainer[_state_pb2.Reason]
    quarantine_reasons: _containers.RepeatedScalarFieldContainer[_state_pb2.QuarantineReason]
    def __init__(self, states: _Optional[_Iterable[_Union[_state_pb2.MessageState, str]]] = ..., reasons: _Optional[_Iterable[_Union[_state_pb2.Reason, str]]] = ..., quarantine_reasons: _Optional[_Iterable[_Union[_state_pb2.QuarantineReason, str]]] = ...) -> None: ...

class RetryResponse(_message.Message):
    __slots__ = ("retried_count", "refused", "previews", "remaining_count", "next_page_token")
    RETRIED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    PREVIEWS_FIELD_NUMBER: _ClassVar[int]
    REMAINING_COUNT_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    retried_count: int
    refused: _containers.RepeatedCompositeFieldContainer[RefusedRetry]
    previews: _containers.RepeatedCompositeFieldContainer[RetryPreview]
    remaining_count: int
    next_page_token: str
    def __init__(self, retried_count: _Optional[int] = ..., refused: _Optional[_Iterable[_Union[RefusedRetry, _Mapping[str, object]]]] = ..., previews: _Optional[_Iterable[_Union[RetryPreview, _Mapping[str, object]]]] = ..., remaining_count: _Optional[int] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RetryPreview(_message.Message):
    __slots__ = ("id", "before", "after", "redacted")
    ID_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    REDACTED_FIELD_NUMBER: _ClassVar[int]
    id: str
    before: MessageContent
    after: MessageContent
    redacted: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, id: _Optional[str] = ..., before: _Optional[_Union[MessageContent, _Mapping[str, object]]] = ..., after: _Optional[_Union[MessageContent, _Mapping[str, object]]] = ..., redacted: _Optional[_Iterable[str]] = ...) -> None: ...

class MessageContent(_message.Message):
    __slots__ = ("payload", "attributes")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    payload: _message_pb2.Payload
    attributes: _containers.ScalarMap[str, str]
    def __init__(self, payload: _Optional[_Union[_message_pb2.Payload, _Mapping[str, object]]] = ..., attributes: _Optional[_Mapping[str, str]] = ...) -> None: ...

class RefusedRetry(_message.Message):
    __slots__ = ("id", "refusal", "detail")
    ID_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    id: str
    refusal: RetryRefusal
    detail: str
    def __init__(self, id: _Optional[str] = ..., refusal: _Optional[_Union[RetryRefusal, str]] = ..., detail: _Optional[str] = ...) -> None: ...

class StatsRequest(_message.Message):
    __slots__ = ("queues", "page_size", "page_token")
    QUEUES_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    queues: _containers.RepeatedScalarFieldContainer[str]
    page_size: int
    page_token: str
    def __init__(self, queues: _Optional[_Iterable[str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class StatsResponse(_message.Message):
    __slots__ = ("total_messages", "total_poison_messages", "queues", "store_time", "next_page_token")
    TOTAL_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_POISON_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    QUEUES_FIELD_NUMBER: _ClassVar[int]
    STORE_TIME_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    total_messages: int
    total_poison_messages: int
    queues: _containers.RepeatedCompositeFieldContainer[QueueStats]
    store_time: _timestamp_pb2.Timestamp
    next_page_token: str
    def __init__(self, total_messages: _Optional[int] = ..., total_poison_messages: _Optional[int] = ..., queues: _Optional[_Iterable[_Union[QueueStats, _Mapping[str, object]]]] = ..., store_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class QueueStats(_message.Message):
    __slots__ = ("queue", "scheduled", "due_now", "in_flight", "quarantined", "bytes", "counts", "oldest_age", "oldest_quarantined_age", "next_due_time", "workers", "rates", "totals", "conditions", "breaker_state", "breaker_retry_time", "open_breakers", "held_ordering_keys", "quiet_workers")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_FIELD_NUMBER: _ClassVar[int]
    DUE_NOW_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    QUARANTINED_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    OLDEST_AGE_FIELD_NUMBER: _ClassVar[int]
    OLDEST_QUARANTINED_AGE_FIELD_NUMBER: _ClassVar[int]
    NEXT_DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    RATES_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    BREAKER_STATE_FIELD_NUMBER: _ClassVar[int]
    BREAKER_RETRY_TIME_FIELD_NUMBER: _ClassVar[int]
    OPEN_BREAKERS_FIELD_NUMBER: _ClassVar[int]
    HELD_ORDERING_KEYS_FIELD_NUMBER: _ClassVar[int]
    QUIET_WORKERS_FIELD_NUMBER: _ClassVar[int]
    queue: str
    scheduled: int
    due_now: int
    in_flight: int
    quarantined: int
    bytes: int
    counts: _containers.RepeatedCompositeFieldContainer[StateCount]
    oldest_age: _duration_pb2.Duration
    oldest_quarantined_age: _duration_pb2.Duration
    next_due_time: _timestamp_pb2.Timestamp
    workers: int
    rates: Rates
    totals: Totals
    conditions: _containers.RepeatedCompositeFieldContainer[Condition]
    breaker_state: _state_pb2.BreakerState
    breaker_retry_time: _timestamp_pb2.Timestamp
    open_breakers: int
    held_ordering_keys: int
    quiet_workers: int
    def __init__(self, queue: _Optional[str] = ..., scheduled: _Optional[int] = ..., due_now: _Optional[int] = ..., in_flight: _Optional[int] = ..., quarantined: _Optional[int] = ..., bytes: _Optional[int] = ..., counts: _Optional[_Iterable[_Union[StateCount, _Mapping[str, object]]]] = ..., oldest_age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., oldest_quarantined_age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., next_due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., workers: _Optional[int] = ..., rates: _Optional[_Union[Rates, _Mapping[str, object]]] = ..., totals: _Optional[_Union[Totals, _Mapping[str, object]]] = ..., conditions: _Optional[_Iterable[_Union[Condition, _Mapping[str, object]]]] = ..., breaker_state: _Optional[_Union[_state_pb2.BreakerState, str]] = ..., breaker_retry_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., open_breakers: _Optional[int] = ..., held_ordering_keys: _Optional[int] = ..., quiet_workers: _Optional[int] = ...) -> None: ...

class StateCount(_message.Message):
    __slots__ = ("state", "reason", "quarantine_reason", "count")
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    QUARANTINE_REASON_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    state: _state_pb2.MessageState
    reason: _state_pb2.Reason
    quarantine_reason: _state_pb2.QuarantineReason
    count: int
    def __init__(self, state: _Optional[_Union[_state_pb2.MessageState, str]] = ..., reason: _Optional[_Union[_state_pb2.Reason, str]] = ..., quarantine_reason: _Optional[_Union[_state_pb2.QuarantineReason, str]] = ..., count: _Optional[int] = ...) -> None: ...

class Rates(_message.Message):
    __slots__ = ("accepted", "delivered", "succeeded", "failed")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_FIELD_NUMBER: _ClassVar[int]
    SUCCEEDED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    accepted: float
    delivered: float
    succeeded: float
    failed: float
    def __init__(self, accepted: _Optional[float] = ..., delivered: _Optional[float] = ..., succeeded: _Optional[float] = ..., failed: _Optional[float] = ...) -> None: ...

class Totals(_message.Message):
    __slots__ = ("accepted", "joined", "succeeded", "discarded", "expired", "purged", "moved_out", "moved_in", "deliveries", "failed_attempts", "released", "lease_expiries", "undeleted")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    JOINED_FIELD_NUMBER: _ClassVar[int]
    SUCCEEDED_FIELD_NUMBER: _ClassVar[int]
    DISCARDED_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_FIELD_NUMBER: _ClassVar[int]
    PURGED_FIELD_NUMBER: _ClassVar[int]
    MOVED_OUT_FIELD_NUMBER: _ClassVar[int]
    MOVED_IN_FIELD_NUMBER: _ClassVar[int]
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    FAILED_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    LEASE_EXPIRIES_FIELD_NUMBER: _ClassVar[int]
    UNDELETED_FIELD_NUMBER: _ClassVar[int]
    accepted: int
    joined: int
    succeeded: int
    discarded: int
    expired: int
    purged: int
    moved_out: int
    moved_in: int
    deliveries: int
    failed_attempts: int
    released: int
    lease_expiries: int
    undeleted: int
    def __init__(self, accepted: _Optional[int] = ..., joined: _Optional[int] = ..., succeeded: _Optional[int] = ..., discarded: _Optional[int] = ..., expired: _Optional[int] = ..., purged: _Optional[int] = ..., moved_out: _Optional[int] = ..., moved_in: _Optional[int] = ..., deliveries: _Optional[int] = ..., failed_attempts: _Optional[int] = ..., released: _Optional[int] = ..., lease_expiries: _Optional[int] = ..., undeleted: _Optional[int] = ...) -> None: ...

class Condition(_message.Message):
    __slots__ = ("code", "message")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    code: ConditionCode
    message: str
    def __init__(self, code: _Optional[_Union[ConditionCode, str]] = ..., message: _Optional[str] = ...) -> None: ...

class WatchEventsRequest(_message.Message):
    __slots__ = ("queues", "types", "filter", "resume_token", "start_time")
    QUEUES_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    queues: _containers.RepeatedScalarFieldContainer[str]
    types: _containers.RepeatedScalarFieldContainer[_event_pb2.EventType]
    filter: str
    resume_token: str
    start_time: _timestamp_pb2.Timestamp
    def __init__(self, queues: _Optional[_Iterable[str]] = ..., types: _Optional[_Iterable[_Union[_event_pb2.EventType, str]]] = ..., filter: _Optional[str] = ..., resume_token: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...

class WatchEventsResponse(_message.Message):
    __slots__ = ("events", "gap", "resume_token", "kept_since", "caught_up")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    KEPT_SINCE_FIELD_NUMBER: _ClassVar[int]
    CAUGHT_UP_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.Event]
    gap: _event_pb2.EventGap
    resume_token: str
    kept_since: _timestamp_pb2.Timestamp
    caught_up: bool
    def __init__(self, events: _Optional[_Iterable[_Union[_event_pb2.Event, _Mapping[str, object]]]] = ..., gap: _Optional[_Union[_event_pb2.EventGap, _Mapping[str, object]]] = ..., resume_token: _Optional[str] = ..., kept_since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., caught_up: bool = ...) -> None: ...
