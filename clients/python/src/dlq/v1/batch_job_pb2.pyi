import datetime

from dlq.v1 import dlq_service_pb2 as _dlq_service_pb2
from dlq.v1 import rule_pb2 as _rule_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BatchJobState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BATCH_JOB_STATE_UNSPECIFIED: _ClassVar[BatchJobState]
    BATCH_JOB_STATE_COUNTING: _ClassVar[BatchJobState]
    BATCH_JOB_STATE_RUNNING: _ClassVar[BatchJobState]
    BATCH_JOB_STATE_PAUSED: _ClassVar[BatchJobState]
    BATCH_JOB_STATE_DONE: _ClassVar[BatchJobState]
    BATCH_JOB_STATE_CANCELLED: _ClassVar[BatchJobState]
    BATCH_JOB_STATE_FAILED: _ClassVar[BatchJobState]
    BATCH_JOB_STATE_CANARY: _ClassVar[BatchJobState]
    BATCH_JOB_STATE_STOPPED: _ClassVar[BatchJobState]
BATCH_JOB_STATE_UNSPECIFIED: BatchJobState
BATCH_JOB_STATE_COUNTING: BatchJobState
BATCH_JOB_STATE_RUNNING: BatchJobState
BATCH_JOB_STATE_PAUSED: BatchJobState
BATCH_JOB_STATE_DONE: BatchJobState
BATCH_JOB_STATE_CANCELLED: BatchJobState
BATCH_JOB_STATE_FAILED: BatchJobState
BATCH_JOB_STATE_CANARY: BatchJobState
BATCH_JOB_STATE_STOPPED: BatchJobState

class BatchJob(_message.Message):
    __slots__ = ("id", "spec", "caller", "create_time", "end_time", "state", "counts", "queue", "problem", "samples", "update_time", "resume_state", "slices", "state_caller")
    ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    RESUME_STATE_FIELD_NUMBER: _ClassVar[int]
    SLICES_FIELD_NUMBER: _ClassVar[int]
    STATE_CALLER_FIELD_NUMBER: _ClassVar[int]
    id: str
    spec: BatchJobSpec
    caller: str
    create_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    state: BatchJobState
    counts: BatchJobCounts
    queue: str
    problem: str
    samples: _containers.RepeatedCompositeFieldContainer[BatchJobSample]
    update_time: _timestamp_pb2.Timestamp
    resume_state: BatchJobState
    slices: _containers.RepeatedCompositeFieldContainer[CanarySlice]
    state_caller: str
    def __init__(self, id: _Optional[str] = ..., spec: _Optional[_Union[BatchJobSpec, _Mapping[str, object]]] = ..., caller: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., state: _Optional[_Union[BatchJobState, str]] = ..., counts: _Optional[_Union[BatchJobCounts, _Mapping[str, object]]] = ..., queue: _Optional[str] = ..., problem: _Optional[str] = ..., samples: _Optional[_Iterable[_Union[BatchJobSample, _Mapping[str, object]]]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., resume_state: _Optional[_Union[BatchJobState, str]] = ..., slices: _Optional[_Iterable[_Union[CanarySlice, _Mapping[str, object]]]] = ..., state_caller: _Optional[str] = ...) -> None: ...

class BatchJobSpec(_message.Message):
    __slots__ = ("queue", "filter", "group_id", "ids", "retry", "edit", "quarantine", "discard", "purge", "move", "expected_count", "dry_run", "max_rate", "reason", "show_redacted")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    EDIT_FIELD_NUMBER: _ClassVar[int]
    QUARANTINE_FIELD_NUMBER: _ClassVar[int]
    DISCARD_FIELD_NUMBER: _ClassVar[int]
    PURGE_FIELD_NUMBER: _ClassVar[int]
    MOVE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    MAX_RATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SHOW_REDACTED_FIELD_NUMBER: _ClassVar[int]
    queue: str
    filter: str
    group_id: str
    ids: _containers.RepeatedScalarFieldContainer[str]
    retry: RetryAction
    edit: EditAction
    quarantine: QuarantineAction
    discard: DiscardAction
    purge: PurgeAction
    move: MoveAction
    expected_count: ExpectedCount
    dry_run: bool
    max_rate: float
    reason: str
    show_redacted: bool
    def __init__(self, queue: _Optional[str] = ..., filter: _Optional[str] = ..., group_id: _Optional[str] = ..., ids: _Optional[_Iterable[str]] = ..., retry: _Optional[_Union[RetryAction, _Mapping[str, object]]] = ..., edit: _Optional[_Union[EditAction, _Mapping[str, object]]] = ..., quarantine: _Optional[_Union[QuarantineAction, _Mapping[str, object]]] = ..., discard: _Optional[_Union[DiscardAction, _Mapping[str, object]]] = ..., purge: _Optional[_Union[PurgeAction, _Mapping[str, object]]] = ..., move: _Optional[_Union[MoveAction, _Mapping[str, object]]] = ..., expected_count: _Optional[_Union[ExpectedCount, _Mapping[str, object]]] = ..., dry_run: bool = ..., max_rate: _Optional[float] = ..., reason: _Optional[str] = ..., show_redacted: bool = ...) -> None: ...

class ExpectedCount(_message.Message):
    __slots__ = ("min", "max")
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    min: int
    max: int
    def __init__(self, min: _Optional[int] = ..., max: _Optional[int] = ...) -> None: ...

class RetryAction(_message.Message):
    __slots__ = ("transforms", "canary", "resolve_group")
    TRANSFORMS_FIELD_NUMBER: _ClassVar[int]
    CANARY_FIELD_NUMBER: _ClassVar[int]
    RESOLVE_GROUP_FIELD_NUMBER: _ClassVar[int]
    transforms: _containers.RepeatedCompositeFieldContainer[_rule_pb2.Transform]
    canary: Canary
    resolve_group: bool
    def __init__(self, transforms: _Optional[_Iterable[_Union[_rule_pb2.Transform, _Mapping[str, object]]]] = ..., canary: _Optional[_Union[Canary, _Mapping[str, object]]] = ..., resolve_group: bool = ...) -> None: ...

class Canary(_message.Message):
    __slots__ = ("percents", "min_success_ratio", "deadline")
    PERCENTS_FIELD_NUMBER: _ClassVar[int]
    MIN_SUCCESS_RATIO_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    percents: _containers.RepeatedScalarFieldContainer[float]
    min_success_ratio: float
    deadline: _duration_pb2.Duration
    def __init__(self, percents: _Optional[_Iterable[float]] = ..., min_success_ratio: _Optional[float] = ..., deadline: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ...) -> None: ...

class CanarySlice(_message.Message):
    __slots__ = ("percent", "message_count", "succeeded_count", "failed_count", "without_outcome_count", "begin_time", "deadline_time", "end_time", "failures")
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_COUNT_FIELD_NUMBER: _ClassVar[int]
    SUCCEEDED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_OUTCOME_COUNT_FIELD_NUMBER: _ClassVar[int]
    BEGIN_TIME_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    percent: float
    message_count: int
    succeeded_count: int
    failed_count: int
    without_outcome_count: int
    begin_time: _timestamp_pb2.Timestamp
    deadline_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    failures: _containers.RepeatedCompositeFieldContainer[CanaryFailure]
    def __init__(self, percent: _Optional[float] = ..., message_count: _Optional[int] = ..., succeeded_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., without_outcome_count: _Optional[int] = ..., begin_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., deadline_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., failures: _Optional[_Iterable[_Union[CanaryFailure, _Mapping[str, object]]]] = ...) -> None: ...

class CanaryFailure(_message.Message):
    __slots__ = ("group_id", "count", "title", "is_new")
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    IS_NEW_FIELD_NUMBER: _ClassVar[int]
    group_id: str
    count: int
    title: str
    is_new: bool
    def __init__(self, group_id: _Optional[str] = ..., count: _Optional[int] = ..., title: _Optional[str] = ..., is_new: bool = ...) -> None: ...

class EditAction(_message.Message):
    __slots__ = ("transforms",)
    TRANSFORMS_FIELD_NUMBER: _ClassVar[int]
    transforms: _containers.RepeatedCompositeFieldContainer[_rule_pb2.Transform]
    def __init__(self, transforms: _Optional[_Iterable[_Union[_rule_pb2.Transform, _Mapping[str, object]]]] = ...) -> None: ...

class QuarantineAction(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DiscardAction(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PurgeAction(_message.Message):
    __slots__ = ("now",)
    NOW_FIELD_NUMBER: _ClassVar[int]
    now: bool
    def __init__(self, now: bool = ...) -> None: ...

class MoveAction(_message.Message):
    __slots__ = ("queue",)
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    queue: str
    def __init__(self, queue: _Optional[str] = ...) -> None: ...

class BatchJobCounts(_message.Message):
    __slots__ = ("examined_count", "selected_count", "outcome_unknown_count", "not_selected", "done_count", "refused", "changed_count", "redacted_count", "damaged_count", "not_kept_count")
    EXAMINED_COUNT_FIELD_NUMBER: _ClassVar[int]
    SELECTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_UNKNOWN_COUNT_FIELD_NUMBER: _ClassVar[int]
    NOT_SELECTED_FIELD_NUMBER: _ClassVar[int]
    DONE_COUNT_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    CHANGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REDACTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    DAMAGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    NOT_KEPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    examined_count: int
    selected_count: int
    outcome_unknown_count: int
    not_selected: _containers.RepeatedCompositeFieldContainer[BatchJobRefusal]
    done_count: int
    refused: _containers.RepeatedCompositeFieldContainer[BatchJobRefusal]
    changed_count: int
    redacted_count: int
    damaged_count: int
    not_kept_count: int
    def __init__(self, examined_count: _Optional[int] = ..., selected_count: _Optional[int] = ..., outcome_unknown_count: _Optional[int] = ..., not_selected: _Optional[_Iterable[_Union[BatchJobRefusal, _Mapping[str, object]]]] = ..., done_count: _Optional[int] = ..., refused: _Optional[_Iterable[_Union[BatchJobRefusal, _Mapping[str, object]]]] = ..., changed_count: _Optional[int] = ..., redacted_count: _Optional[int] = ..., damaged_count: _Optional[int] = ..., not_kept_count: _Optional[int] = ...) -> None: ...

class BatchJobRefusal(_message.Message):
    __slots__ = ("why", "count", "id", "queue")
    WHY_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    why: str
    count: int
    id: str
    queue: str
    def __init__(self, why: _Optional[str] = ..., count: _Optional[int] = ..., id: _Optional[str] = ..., queue: _Optional[str] = ...) -> None: ...

class BatchJobSample(_message.Message):
    __slots__ = ("queue", "id", "failure", "before", "after", "redacted", "refusal")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    REDACTED_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    queue: str
    id: str
    failure: str
    before: _dlq_service_pb2.MessageContent
    after: _dlq_service_pb2.MessageContent
    redacted: _containers.RepeatedScalarFieldContainer[str]
    refusal: str
    def __init__(self, queue: _Optional[str] = ..., id: _Optional[str] = ..., failure: _Optional[str] = ..., before: _Optional[_Union[_dlq_service_pb2.MessageContent, _Mapping[str, object]]] = ..., after: _Optional[_Union[_dlq_service_pb2.MessageContent, _Mapping[str, object]]] = ..., redacted: _Optional[_Iterable[str]] = ..., refusal: _Optional[str] = ...) -> None: ...
