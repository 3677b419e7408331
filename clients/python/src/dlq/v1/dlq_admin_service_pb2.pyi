import datetime

from dlq.v1 import batch_job_pb2 as _batch_job_pb2
from dlq.v1 import dlq_service_pb2 as _dlq_service_pb2
from dlq.v1 import exported_message_pb2 as _exported_message_pb2
from dlq.v1 import failure_pb2 as _failure_pb2
from dlq.v1 import group_pb2 as _group_pb2
from dlq.v1 import message_pb2 as _message_pb2
from dlq.v1 import queue_pb2 as _queue_pb2
from dlq.v1 import rule_pb2 as _rule_pb2
from dlq.v1 import state_pb2 as _state_pb2
from dlq.v1 import stored_message_pb2 as _stored_message_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MessageView(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MESSAGE_VIEW_UNSPECIFIED: _ClassVar[MessageView]
    MESSAGE_VIEW_BASIC: _ClassVar[MessageView]
    MESSAGE_VIEW_FULL: _ClassVar[MessageView]

class ImportOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IMPORT_OUTCOME_UNSPECIFIED: _ClassVar[ImportOutcome]
    IMPORT_OUTCOME_IMPORTED: _ClassVar[ImportOutcome]
    IMPORT_OUTCOME_ALREADY_THERE: _ClassVar[ImportOutcome]
    IMPORT_OUTCOME_REFUSED: _ClassVar[ImportOutcome]

class GroupOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GROUP_ORDER_UNSPECIFIED: _ClassVar[GroupOrder]
    GROUP_ORDER_STORED: _ClassVar[GroupOrder]
    GROUP_ORDER_LAST_FAILURE: _ClassVar[GroupOrder]
    GROUP_ORDER_FAILURES: _ClassVar[GroupOrder]

class UndeleteMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNDELETE_MODE_UNSPECIFIED: _ClassVar[UndeleteMode]
    UNDELETE_MODE_RESTORE: _ClassVar[UndeleteMode]
    UNDELETE_MODE_RETRY: _ClassVar[UndeleteMode]

class UndeleteRefusal(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNDELETE_REFUSAL_UNSPECIFIED: _ClassVar[UndeleteRefusal]
    UNDELETE_REFUSAL_NOT_FOUND: _ClassVar[UndeleteRefusal]
    UNDELETE_REFUSAL_NOT_DELETED: _ClassVar[UndeleteRefusal]
    UNDELETE_REFUSAL_QUEUE_FULL: _ClassVar[UndeleteRefusal]
    UNDELETE_REFUSAL_QUEUE_DELETING: _ClassVar[UndeleteRefusal]
    UNDELETE_REFUSAL_DAMAGED: _ClassVar[UndeleteRefusal]
MESSAGE_VIEW_UNSPECIFIED: MessageView
MESSAGE_VIEW_BASIC: MessageView
MESSAGE_VIEW_FULL: MessageView
IMPORT_OUTCOME_UNSPECIFIED: ImportOutcome
IMPORT_OUTCOME_IMPORTED: ImportOutcome
IMPORT_OUTCOME_ALREADY_THERE: ImportOutcome
IMPORT_OUTCOME_REFUSED: ImportOutcome
GROUP_ORDER_UNSPECIFIED: GroupOrder
GROUP_ORDER_STORED: GroupOrder
GROUP_ORDER_LAST_FAILURE: GroupOrder
GROUP_ORDER_FAILURES: GroupOrder
UNDELETE_MODE_UNSPECIFIED: UndeleteMode
UNDELETE_MODE_RESTORE: UndeleteMode
UNDELETE_MODE_RETRY: UndeleteMode
UNDELETE_REFUSAL_UNSPECIFIED: UndeleteRefusal
UNDELETE_REFUSAL_NOT_FOUND: UndeleteRefusal
UNDELETE_REFUSAL_NOT_DELETED: UndeleteRefusal
UNDELETE_REFUSAL_QUEUE_FULL: UndeleteRefusal
UNDELETE_REFUSAL_QUEUE_DELETING: UndeleteRefusal
UNDELETE_REFUSAL_DAMAGED: UndeleteRefusal

class GetMessageRequest(_message.Message):
    __slots__ = ("queue", "id", "show_redacted")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    SHOW_REDACTED_FIELD_NUMBER: _ClassVar[int]
    queue: str
    id: str
    show_redacted: bool
    def __init__(self, queue: _Optional[str] = ..., id: _Optional[str] = ..., show_redacted: bool = ...) -> None: ...

class GetMessageResponse(_message.Message):
    __slots__ = ("message",)
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    message: _stored_message_pb2.StoredMessage
    def __init__(self, message: _Optional[_Union[_stored_message_pb2.StoredMessage, _Mapping[str, object]]] = ...) -> None: ...

class ListMessagesRequest(_message.Message):
    __slots__ = ("queue", "filter", "page_size", "page_token", "newest_first", "view", "show_redacted")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    NEWEST_FIRST_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    SHOW_REDACTED_FIELD_NUMBER: _ClassVar[int]
    queue: str
    filter: str
    page_size: int
    page_token: str
    newest_first: bool
    view: MessageView
    show_redacted: bool
    def __init__(self, queue: _Optional[str] = ..., filter: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., newest_first: bool = ..., view: _Optional[_Union[MessageView, str]] = ..., show_redacted: bool = ...) -> None: ...

class ListMessagesResponse(_message.Message):
    __slots__ = ("messages", "next_page_token", "examined_count", "redacted_count", "damaged_count")
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXAMINED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REDACTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    DAMAGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    messages: _containers.RepeatedCompositeFieldContainer[_stored_message_pb2.StoredMessage]
    next_page_token: str
    examined_count: int
    redacted_count: int
    damaged_count: int
    def __init__(self, messages: _Optional[_Iterable[_Union[_stored_message_pb2.StoredMessage, _Mapping[str, object]]]] = ..., next_page_token: _Optional[str] = ..., examined_count: _Optional[int] = ..., redacted_count: _Optional[int] = ..., damaged_count: _Optional[int] = ...) -> None: ...

class ExportMessagesRequest(_message.Message):
    __slots__ = ("queue", "filter", "resume_token", "show_redacted")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SHOW_REDACTED_FIELD_NUMBER: _ClassVar[int]
    queue: str
    filter: str
    resume_token: str
    show_redacted: bool
    def __init__(self, queue: _Optional[str] = ..., filter: _Optional[str] = ..., resume_token: _Optional[str] = ..., show_redacted: bool = ...) -> None: ...

class ExportMessagesResponse(_message.Message):
    __slots__ = ("messages", "resume_token", "examined_count", "damaged_count", "store_id")
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXAMINED_COUNT_FIELD_NUMBER: _ClassVar[int]
    DAMAGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    messages: _containers.RepeatedCompositeFieldContainer[_exported_message_pb2.ExportedMessage]
    resume_token: str
    examined_count: int
    damaged_count: int
    store_id: str
    def __init__(self, messages: _Optional[_Iterable[_Union[_exported_message_pb2.ExportedMessage, _Mapping[str, object]]]] = ..., resume_token: _Optional[str] = ..., examined_count: _Optional[int] = ..., damaged_count: _Optional[int] = ..., store_id: _Optional[str] = ...) -> None: ...

class ImportMessagesRequest(_message.Message):
    __slots__ = ("import_id", "messages", "queue", "dry_run")
    IMPORT_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    import_id: str
    messages: _containers.RepeatedCompositeFieldContainer[_exported_message_pb2.ExportedMessage]
    queue: str
    dry_run: bool
    def __init__(self, import_id: _Optional[str] = ..., messages: _Optional[_Iterable[_Union[_exported_message_pb2.ExportedMessage, _Mapping[str, object]]]] = ..., queue: _Optional[str] = ..., dry_run: bool = ...) -> None: ...

class ImportMessagesResponse(_message.Message):
    __slots__ = ("results", "store_id")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[ImportResult]
    store_id: str
    def __init__(self, results: _Optional[_Iterable[_Union[ImportResult, _Mapping[str, object]]]] = ..., store_id: _Optional[str] = ...) -> None: ...

class ImportResult(_message.Message):
    __slots__ = ("outcome", "error")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    outcome: ImportOutcome
    error: _dlq_service_pb2.ErrorStatus
    def __init__(self, outcome: _Optional[_Union[ImportOutcome, str]] = ..., error: _Optional[_Union[_dlq_service_pb2.ErrorStatus, _Mapping[str, object]]] = ...) -> None: ...

class CountMessagesRequest(_message.Message):
    __slots__ = ("queue", "filter", "by", "show_redacted")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    SHOW_REDACTED_FIELD_NUMBER: _ClassVar[int]
    queue: str
    filter: str
    by: _containers.RepeatedScalarFieldContainer[str]
    show_redacted: bool
    def __init__(self, queue: _Optional[str] = ..., filter: _Optional[str] = ..., by: _Optional[_Iterable[str]] = ..., show_redacted: bool = ...) -> None: ...

class CountMessagesResponse(_message.Message):
    __slots__ = ("counts", "other_count", "examined_count", "queue", "done", "redacted_count", "damaged_count")
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    OTHER_COUNT_FIELD_NUMBER: _ClassVar[int]
    EXAMINED_COUNT_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    REDACTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    DAMAGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    counts: _containers.RepeatedCompositeFieldContainer[MessageCount]
    other_count: int
    examined_count: int
    queue: str
    done: bool
    redacted_count: int
    damaged_count: int
    def __init__(self, counts: _Optional[_Iterable[_Union[MessageCount, _Mapping[str, object]]]] = ..., other_count: _Optional[int] = ..., examined_count: _Optional[int] = ..., queue: _Optional[str] = ..., done: bool = ..., redacted_count: _Optional[int] = ..., damaged_count: _Optional[int] = ...) -> None: ...

class MessageCount(_message.Message):
    __slots__ = ("values", "count")
    VALUES_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[str]
    count: int
    def __init__(self, values: _Optional[_Iterable[str]] = ..., count: _Optional[int] = ...) -> None: ...

class WatchMessagesRequest(_message.Message):
    __slots__ = ("queue", "filter", "view", "show_redacted")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    SHOW_REDACTED_FIELD_NUMBER: _ClassVar[int]
    queue: str
    filter: str
    view: MessageView
    show_redacted: bool
    def __init__(self, queue: _Optional[str] = ..., filter: _Optional[str] = ..., view: _Optional[_Union[MessageView, str]] = ..., show_redacted: bool = ...) -> None: ...

class WatchMessagesResponse(_message.Message):
    __slots__ = ("changes", "list_again")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    LIST_AGAIN_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[MessageChange]
    list_again: bool
    def __init__(self, changes: _Optional[_Iterable[_Union[MessageChange, _Mapping[str, object]]]] = ..., list_again: bool = ...) -> None: ...

class MessageChange(_message.Message):
    __slots__ = ("queue", "id", "message")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    queue: str
    id: str
    message: _stored_message_pb2.StoredMessage
    def __init__(self, queue: _Optional[str] = ..., id: _Optional[str] = ..., message: _Optional[_Union[_stored_message_pb2.StoredMessage, _Mapping[str, object]]] = ...) -> None: ...

class ListGroupsRequest(_message.Message):
    __slots__ = ("queue", "states", "since", "order", "page_size", "page_token")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    queue: str
    states: _containers.RepeatedScalarFieldContainer[_group_pb2.GroupState]
    since: _duration_pb2.Duration
    order: GroupOrder
    page_size: int
    page_token: str
    def __init__(self, queue: _Optional[str] = ..., states: _Optional[_Iterable[_Union[_group_pb2.GroupState, str]]] = ..., since: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., order: _Optional[_Union[GroupOrder, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListGroupsResponse(_message.Message):
    __slots__ = ("groups", "next_page_token", "total_count", "other_stored_count")
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    OTHER_STORED_COUNT_FIELD_NUMBER: _ClassVar[int]
    groups: _containers.RepeatedCompositeFieldContainer[_group_pb2.Group]
    next_page_token: str
    total_count: int
    other_stored_count: int
    def __init__(self, groups: _Optional[_Iterable[_Union[_group_pb2.Group, _Mapping[str, object]]]] = ..., next_page_token: _Optional[str] = ..., total_count: _Optional[int] = ..., other_stored_count: _Optional[int] = ...) -> None: ...

class GetGroupRequest(_message.Message):
    __slots__ = ("id", "since")
    ID_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    id: str
    since: _duration_pb2.Duration
    def __init__(self, id: _Optional[str] = ..., since: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ...) -> None: ...

class GetGroupResponse(_message.Message):
    __slots__ = ("group", "latest")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    LATEST_FIELD_NUMBER: _ClassVar[int]
    group: _group_pb2.Group
    latest: _stored_message_pb2.StoredMessage
    def __init__(self, group: _Optional[_Union[_group_pb2.Group, _Mapping[str, object]]] = ..., latest: _Optional[_Union[_stored_message_pb2.StoredMessage, _Mapping[str, object]]] = ...) -> None: ...

class UpdateGroupRequest(_message.Message):
    __slots__ = ("id", "state", "note", "archived_until_time", "archived_until_count", "link")
    ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_UNTIL_TIME_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_UNTIL_COUNT_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    id: str
    state: _group_pb2.GroupState
    note: str
    archived_until_time: _timestamp_pb2.Timestamp
    archived_until_count: int
    link: str
    def __init__(self, id: _Optional[str] = ..., state: _Optional[_Union[_group_pb2.GroupState, str]] = ..., note: _Optional[str] = ..., archived_until_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., archived_until_count: _Optional[int] = ..., link: _Optional[str] = ...) -> None: ...

class UpdateGroupResponse(_message.Message):
    __slots__ = ("group",)
    GROUP_FIELD_NUMBER: _ClassVar[int]
    group: _group_pb2.Group
    def __init__(self, group: _Optional[_Union[_group_pb2.Group, _Mapping[str, object]]] = ...) -> None: ...

class ListQueuesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListQueuesResponse(_message.Message):
    __slots__ = ("queues", "next_page_token")
    QUEUES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    queues: _containers.RepeatedCompositeFieldContainer[_queue_pb2.Queue]
    next_page_token: str
    def __init__(self, queues: _Optional[_Iterable[_Union[_queue_pb2.Queue, _Mapping[str, object]]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetQueueRequest(_message.Message):
    __slots__ = ("queue",)
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    queue: str
    def __init__(self, queue: _Optional[str] = ...) -> None: ...

class GetQueueResponse(_message.Message):
    __slots__ = ("queue",)
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    queue: _queue_pb2.Queue
    def __init__(self, queue: _Optional[_Union[_queue_pb2.Queue, _Mapping[str, object]]] = ...) -> None: ...

class UpdateQueueRequest(_message.Message):
    __slots__ = ("queue", "update_mask")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    queue: _queue_pb2.Queue
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, queue: _Optional[_Union[_queue_pb2.Queue, _Mapping[str, object]]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping[str, object]]] = ...) -> None: ...

class UpdateQueueResponse(_message.Message):
    __slots__ = ("queue",)
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    queue: _queue_pb2.Queue
    def __init__(self, queue: _Optional[_Union[_queue_pb2.Queue, _Mapping[str, object]]] = ...) -> None: ...

class DeleteQueueRequest(_message.Message):
    __slots__ = ("queue", "expected_count", "etag")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    queue: str
    expected_count: int
    etag: str
    def __init__(self, queue: _Optional[str] = ..., expected_count: _Optional[int] = ..., etag: _Optional[str] = ...) -> None: ...

class DeleteQueueResponse(_message.Message):
    __slots__ = ("deleted_count",)
    DELETED_COUNT_FIELD_NUMBER: _ClassVar[int]
    deleted_count: int
    def __init__(self, deleted_count: _Optional[int] = ...) -> None: ...

class SimulatePolicyRequest(_message.Message):
    __slots__ = ("queue", "retry_policy", "reason", "start_time", "skip_stored")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    RETRY_POLICY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    SKIP_STORED_FIELD_NUMBER: _ClassVar[int]
    queue: str
    retry_policy: _message_pb2.RetryPolicy
    reason: _state_pb2.Reason
    start_time: _timestamp_pb2.Timestamp
    skip_stored: bool
    def __init__(self, queue: _Optional[str] = ..., retry_policy: _Optional[_Union[_message_pb2.RetryPolicy, _Mapping[str, object]]] = ..., reason: _Optional[_Union[_state_pb2.Reason, str]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., skip_stored: bool = ...) -> None: ...

class SimulatePolicyResponse(_message.Message):
    __slots__ = ("retry_policy", "attempts", "truncated", "stored")
    RETRY_POLICY_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    STORED_FIELD_NUMBER: _ClassVar[int]
    retry_policy: _message_pb2.RetryPolicy
    attempts: _containers.RepeatedCompositeFieldContainer[SimulatedAttempt]
    truncated: bool
    stored: SimulatedQueue
    def __init__(self, retry_policy: _Optional[_Union[_message_pb2.RetryPolicy, _Mapping[str, object]]] = ..., attempts: _Optional[_Iterable[_Union[SimulatedAttempt, _Mapping[str, object]]]] = ..., truncated: bool = ..., stored: _Optional[_Union[SimulatedQueue, _Mapping[str, object]]] = ...) -> None: ...

class SimulatedAttempt(_message.Message):
    __slots__ = ("attempt", "delay", "min_delay", "max_delay", "due_time")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    DELAY_FIELD_NUMBER: _ClassVar[int]
    MIN_DELAY_FIELD_NUMBER: _ClassVar[int]
    MAX_DELAY_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    delay: _duration_pb2.Duration
    min_delay: _duration_pb2.Duration
    max_delay: _duration_pb2.Duration
    due_time: _timestamp_pb2.Timestamp
    def __init__(self, attempt: _Optional[int] = ..., delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., min_delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., max_delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...

class SimulatedQueue(_message.Message):
    __slots__ = ("examined_count", "retried", "quarantined_count")
    EXAMINED_COUNT_FIELD_NUMBER: _ClassVar[int]
    RETRIED_FIELD_NUMBER: _ClassVar[int]
    QUARANTINED_COUNT_FIELD_NUMBER: _ClassVar[int]
    examined_count: int
    retried: _containers.RepeatedCompositeFieldContainer[SimulatedBucket]
    quarantined_count: int
    def __init__(self, examined_count: _Optional[int] = ..., retried: _Optional[_Iterable[_Union[SimulatedBucket, _Mapping[str, object]]]] = ..., quarantined_count: _Optional[int] = ...) -> None: ...

class SimulatedBucket(_message.Message):
    __slots__ = ("within", "count")
    WITHIN_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    within: _duration_pb2.Duration
    count: int
    def __init__(self, within: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ..., count: _Optional[int] = ...) -> None: ...

class GetRulesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetRulesResponse(_message.Message):
    __slots__ = ("rule_set",)
    RULE_SET_FIELD_NUMBER: _ClassVar[int]
    rule_set: _rule_pb2.RuleSet
    def __init__(self, rule_set: _Optional[_Union[_rule_pb2.RuleSet, _Mapping[str, object]]] = ...) -> None: ...

class UpdateRulesRequest(_message.Message):
    __slots__ = ("rule_set",)
    RULE_SET_FIELD_NUMBER: _ClassVar[int]
    rule_set: _rule_pb2.RuleSet
    def __init__(self, rule_set: _Optional[_Union[_rule_pb2.RuleSet, _Mapping[str, object]]] = ...) -> None: ...

class UpdateRulesResponse(_message.Message):
    __slots__ = ("rule_set",)
    RULE_SET_FIELD_NUMBER: _ClassVar[int]
    rule_set: _rule_pb2.RuleSet
    def __init__(self, rule_set: _Optional[_Union[_rule_pb2.RuleSet, _Mapping[str, object]]] = ...) -> None: ...

class TestRulesRequest(_message.Message):
    __slots__ = ("rule_set", "samples")
    RULE_SET_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    rule_set: _rule_pb2.RuleSet
    samples: _containers.RepeatedCompositeFieldContainer[RuleSample]
    def __init__(self, rule_set: _Optional[_Union[_rule_pb2.RuleSet, _Mapping[str, object]]] = ..., samples: _Optional[_Iterable[_Union[RuleSample, _Mapping[str, object]]]] = ...) -> None: ...

class RuleSample(_message.Message):
    __slots__ = ("event", "message", "failure", "attempts")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    event: _rule_pb2.RuleEvent
    message: _dlq_service_pb2.SendToDlqRequest
    failure: _failure_pb2.Failure
    attempts: int
    def __init__(self, event: _Optional[_Union[_rule_pb2.RuleEvent, str]] = ..., message: _Optional[_Union[_dlq_service_pb2.SendToDlqRequest, _Mapping[str, object]]] = ..., failure: _Optional[_Union[_failure_pb2.Failure, _Mapping[str, object]]] = ..., attempts: _Optional[int] = ...) -> None: ...

class TestRulesResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[RuleTestResult]
    def __init__(self, results: _Optional[_Iterable[_Union[RuleTestResult, _Mapping[str, object]]]] = ...) -> None: ...

class RuleTestResult(_message.Message):
    __slots__ = ("matched", "failed", "action", "transformed")
    MATCHED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TRANSFORMED_FIELD_NUMBER: _ClassVar[int]
    matched: _containers.RepeatedScalarFieldContainer[str]
    failed: _containers.RepeatedCompositeFieldContainer[RuleFailure]
    action: _rule_pb2.RuleAction
    transformed: _dlq_service_pb2.SendToDlqRequest
    def __init__(self, matched: _Optional[_Iterable[str]] = ..., failed: _Optional[_Iterable[_Union[RuleFailure, _Mapping[str, object]]]] = ..., action: _Optional[_Union[_rule_pb2.RuleAction, _Mapping[str, object]]] = ..., transformed: _Optional[_Union[_dlq_service_pb2.SendToDlqRequest, _Mapping[str, object]]] = ...) -> None: ...

class RuleFailure(_message.Message):
    __slots__ = ("rule", "error")
    RULE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    rule: str
    error: str
    def __init__(self, rule: _Optional[str] = ..., error: _Optional[str] = ...) -> None: ...

class ReleaseOrderingKeyRequest(_message.Message):
    __slots__ = ("queue", "ordering_key")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    ORDERING_KEY_FIELD_NUMBER: _ClassVar[int]
    queue: str
    ordering_key: str
    def __init__(self, queue: _Optional[str] = ..., ordering_key: _Optional[str] = ...) -> None: ...

class ReleaseOrderingKeyResponse(_message.Message):
    __slots__ = ("released", "held_by")
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    HELD_BY_FIELD_NUMBER: _ClassVar[int]
    released: bool
    held_by: str
    def __init__(self, released: bool = ..., held_by: _Optional[str] = ...) -> None: ...

class ExplainRequest(_message.Message):
    __slots__ = ("queue", "id")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    queue: str
    id: str
    def __init__(self, queue: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class ExplainResponse(_message.Message):
    __slots__ = ("explanations",)
    EXPLANATIONS_FIELD_NUMBER: _ClassVar[int]
    explanations: _containers.RepeatedCompositeFieldContainer[Explanation]
    def __init__(self, explanations: _Optional[_Iterable[_Union[Explanation, _Mapping[str, object]]]] = ...) -> None: ...

class Explanation(_message.Message):
    __slots__ = ("text", "until")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    text: str
    until: _timestamp_pb2.Timestamp
    def __init__(self, text: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...

class GetServerInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetServerInfoResponse(_message.Message):
    __slots__ = ("version", "server", "start_time", "time", "servers", "store", "nats")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SERVER_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    SERVERS_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    NATS_FIELD_NUMBER: _ClassVar[int]
    version: str
    server: str
    start_time: _timestamp_pb2.Timestamp
    time: _timestamp_pb2.Timestamp
    servers: _containers.RepeatedScalarFieldContainer[str]
    store: StoreInfo
    nats: NatsInfo
    def __init__(self, version: _Optional[str] = ..., server: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., servers: _Optional[_Iterable[str]] = ..., store: _Optional[_Union[StoreInfo, _Mapping[str, object]]] = ..., nats: _Optional[_Union[NatsInfo, _Mapping[str, object]]] = ...) -> None: ...

class NatsInfo(_message.Message):
    __slots__ = ("servers", "stream", "error", "backlog_bytes", "backlog_limit_bytes", "oldest_waiting_time", "missed_change_count", "last_missed_time", "warnings")
    SERVERS_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    BACKLOG_BYTES_FIELD_NUMBER: _ClassVar[int]
    BACKLOG_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    OLDEST_WAITING_TIME_FIELD_NUMBER: _ClassVar[int]
    MISSED_CHANGE_COUNT_FIELD_NUMBER: _ClassVar[int]
    LAST_MISSED_TIME_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    servers: _containers.RepeatedScalarFieldContainer[str]
    stream: str
    error: str
    backlog_bytes: int
    backlog_limit_bytes: int
    oldest_waiting_time: _timestamp_pb2.Timestamp
    missed_change_count: int
    last_missed_time: _timestamp_pb2.Timestamp
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, servers: _Optional[_Iterable[str]] = ..., stream: _Optional[str] = ..., error: _Optional[str] = ..., backlog_bytes: _Optional[int] = ..., backlog_limit_bytes: _Optional[int] = ..., oldest_waiting_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., missed_change_count: _Optional[int] = ..., last_missed_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class StoreInfo(_message.Message):
    __slots__ = ("version", "embedded", "time", "used_memory_bytes", "max_memory_bytes", "replica_count", "settings", "warnings")
    class SettingsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    VERSION_FIELD_NUMBER: _ClassVar[int]
    EMBEDDED_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    USED_MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    REPLICA_COUNT_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    version: str
    embedded: bool
    time: _timestamp_pb2.Timestamp
    used_memory_bytes: int
    max_memory_bytes: int
    replica_count: int
    settings: _containers.ScalarMap[str, str]
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, version: _Optional[str] = ..., embedded: bool = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., used_memory_bytes: _Optional[int] = ..., max_memory_bytes: _Optional[int] = ..., replica_count: _Optional[int] = ..., settings: _Optional[_Mapping[str, str]] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class ListWorkersRequest(_message.Message):
    __slots__ = ("queue",)
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    queue: str
    def __init__(self, queue: _Optional[str] = ...) -> None: ...

class ListWorkersResponse(_message.Message):
    __slots__ = ("workers", "total_count")
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    workers: _containers.RepeatedCompositeFieldContainer[Worker]
    total_count: int
    def __init__(self, workers: _Optional[_Iterable[_Union[Worker, _Mapping[str, object]]]] = ..., total_count: _Optional[int] = ...) -> None: ...

class Worker(_message.Message):
    __slots__ = ("worker_id", "session_id", "server", "connected", "max_in_flight", "in_flight_count", "oldest_delivery_time", "quiet", "queue")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    MAX_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_COUNT_FIELD_NUMBER: _ClassVar[int]
    OLDEST_DELIVERY_TIME_FIELD_NUMBER: _ClassVar[int]
    QUIET_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    session_id: str
    server: str
    connected: bool
    max_in_flight: int
    in_flight_count: int
    oldest_delivery_time: _timestamp_pb2.Timestamp
    quiet: bool
    queue: str
    def __init__(self, worker_id: _Optional[str] = ..., session_id: _Optional[str] = ..., server: _Optional[str] = ..., connected: bool = ..., max_in_flight: _Optional[int] = ..., in_flight_count: _Optional[int] = ..., oldest_delivery_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., quiet: bool = ..., queue: _Optional[str] = ...) -> None: ...

class BreakLeaseRequest(_message.Message):
    __slots__ = ("queue", "id", "delivery_count")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_COUNT_FIELD_NUMBER: _ClassVar[int]
    queue: str
    id: str
    delivery_count: int
    def __init__(self, queue: _Optional[str] = ..., id: _Optional[str] = ..., delivery_count: _Optional[int] = ...) -> None: ...

class BreakLeaseResponse(_message.Message):
    __slots__ = ("broken", "worker_id", "held")
    BROKEN_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    broken: bool
    worker_id: str
    held: _duration_pb2.Duration
    def __init__(self, broken: bool = ..., worker_id: _Optional[str] = ..., held: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ...) -> None: ...

class ListDeletedRequest(_message.Message):
    __slots__ = ("queue", "states", "from_time", "to_time", "page_size", "page_token")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    TO_TIME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    queue: str
    states: _containers.RepeatedScalarFieldContainer[_state_pb2.MessageState]
    from_time: _timestamp_pb2.Timestamp
    to_time: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    def __init__(self, queue: _Optional[str] = ..., states: _Optional[_Iterable[_Union[_state_pb2.MessageState, str]]] = ..., from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., to_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListDeletedResponse(_message.Message):
    __slots__ = ("messages", "next_page_token", "total_count")
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    messages: _containers.RepeatedCompositeFieldContainer[DeletedMessage]
    next_page_token: str
    total_count: int
    def __init__(self, messages: _Optional[_Iterable[_Union[DeletedMessage, _Mapping[str, object]]]] = ..., next_page_token: _Optional[str] = ..., total_count: _Optional[int] = ...) -> None: ...

class DeletedMessage(_message.Message):
    __slots__ = ("id", "queue", "state", "delete_time", "erase_time", "previous_state", "reason", "quarantine_reason", "retry_count", "delivery_count", "worker_id", "note", "batch_job", "caller")
    ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    ERASE_TIME_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    QUARANTINE_REASON_FIELD_NUMBER: _ClassVar[int]
    RETRY_COUNT_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_COUNT_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    BATCH_JOB_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    id: str
    queue: str
    state: _state_pb2.MessageState
    delete_time: _timestamp_pb2.Timestamp
    erase_time: _timestamp_pb2.Timestamp
    previous_state: _state_pb2.MessageState
    reason: _state_pb2.Reason
    quarantine_reason: _state_pb2.QuarantineReason
    retry_count: int
    delivery_count: int
    worker_id: str
    note: str
    batch_job: str
    caller: str
    def __init__(self, id: _Optional[str] = ..., queue: _Optional[str] = ..., state: _Optional[_Union[_state_pb2.MessageState, str]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., erase_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., previous_state: _Optional[_Union[_state_pb2.MessageState, str]] = ..., reason: _Optional[_Union[_state_pb2.Reason, str]] = ..., quarantine_reason: _Optional[_Union[_state_pb2.QuarantineReason, str]] = ..., retry_count: _Optional[int] = ..., delivery_count: _Optional[int] = ..., worker_id: _Optional[str] = ..., note: _Optional[str] = ..., batch_job: _Optional[str] = ..., caller: _Optional[str] = ...) -> None: ...

class UndeleteRequest(_message.Message):
    __slots__ = ("request_id", "queue", "ids", "from_time", "to_time", "states", "mode", "page_size", "page_token")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    TO_TIME_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    queue: str
    ids: _containers.RepeatedScalarFieldContainer[str]
    from_time: _timestamp_pb2.Timestamp
    to_time: _timestamp_pb2.Timestamp
    states: _containers.RepeatedScalarFieldContainer[_state_pb2.MessageState]
    mode: UndeleteMode
    page_size: int
    page_token: str
    def __init__(self, request_id: _Optional[str] = ..., queue: _Optional[str] = ..., ids: _Optional[_Iterable[str]] = ..., from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., to_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., states: _Optional[_Iterable[_Union[_state_pb2.MessageState, str]]] = ..., mode: _Optional[_Union[UndeleteMode, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class UndeleteResponse(_message.Message):
    __slots__ = ("undeleted_count", "refused", "next_page_token")
    UNDELETED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    undeleted_count: int
    refused: _containers.RepeatedCompositeFieldContainer[RefusedUndelete]
    next_page_token: str
    def __init__(self, undeleted_count: _Optional[int] = ..., refused: _Optional[_Iterable[_Union[RefusedUndelete, _Mapping[str, object]]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RefusedUndelete(_message.Message):
    __slots__ = ("id", "refusal")
    ID_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    id: str
    refusal: UndeleteRefusal
    def __init__(self, id: _Optional[str] = ..., refusal: _Optional[_Union[UndeleteRefusal, str]] = ...) -> None: ...

class QuietWorkerRequest(_message.Message):
    __slots__ = ("session_id", "quiet")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    QUIET_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    quiet: bool
    def __init__(self, session_id: _Optional[str] = ..., quiet: bool = ...) -> None: ...

class QuietWorkerResponse(_message.Message):
    __slots__ = ("changed",)
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    changed: bool
    def __init__(self, changed: bool = ...) -> None: ...

class ListBreakersRequest(_message.Message):
    __slots__ = ("queue",)
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    queue: str
    def __init__(self, queue: _Optional[str] = ...) -> None: ...

class ListBreakersResponse(_message.Message):
    __slots__ = ("breakers",)
    BREAKERS_FIELD_NUMBER: _ClassVar[int]
    breakers: _containers.RepeatedCompositeFieldContainer[Breaker]
    def __init__(self, breakers: _Optional[_Iterable[_Union[Breaker, _Mapping[str, object]]]] = ...) -> None: ...

class Breaker(_message.Message):
    __slots__ = ("key", "state", "open_since", "retry_time", "opened_count")
    KEY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    OPEN_SINCE_FIELD_NUMBER: _ClassVar[int]
    RETRY_TIME_FIELD_NUMBER: _ClassVar[int]
    OPENED_COUNT_FIELD_NUMBER: _ClassVar[int]
    key: str
    state: _state_pb2.BreakerState
    open_since: _timestamp_pb2.Timestamp
    retry_time: _timestamp_pb2.Timestamp
    opened_count: int
    def __init__(self, key: _Optional[str] = ..., state: _Optional[_Union[_state_pb2.BreakerState, str]] = ..., open_since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., retry_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., opened_count: _Optional[int] = ...) -> None: ...

class ResetBreakerRequest(_message.Message):
    __slots__ = ("queue", "key")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    queue: str
    key: str
    def __init__(self, queue: _Optional[str] = ..., key: _Optional[str] = ...) -> None: ...

class ResetBreakerResponse(_message.Message):
    __slots__ = ("was_open",)
    WAS_OPEN_FIELD_NUMBER: _ClassVar[int]
    was_open: bool
    def __init__(self, was_open: bool = ...) -> None: ...

class CreateBatchJobRequest(_message.Message):
    __slots__ = ("spec", "request_id")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    spec: _batch_job_pb2.BatchJobSpec
    request_id: str
    def __init__(self, spec: _Optional[_Union[_batch_job_pb2.BatchJobSpec, _Mapping[str, object]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateBatchJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: _batch_job_pb2.BatchJob
    def __init__(self, job: _Optional[_Union[_batch_job_pb2.BatchJob, _Mapping[str, object]]] = ...) -> None: ...

class GetBatchJobRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetBatchJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: _batch_job_pb2.BatchJob
    def __init__(self, job: _Optional[_Union[_batch_job_pb2.BatchJob, _Mapping[str, object]]] = ...) -> None: ...

class ListBatchJobsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListBatchJobsResponse(_message.Message):
    __slots__ = ("jobs", "next_page_token")
    JOBS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[_batch_job_pb2.BatchJob]
    next_page_token: str
    def __init__(self, jobs: _Optional[_Iterable[_Union[_batch_job_pb2.BatchJob, _Mapping[str, object]]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchBatchJobRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class WatchBatchJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: _batch_job_pb2.BatchJob
    def __init__(self, job: _Optional[_Union[_batch_job_pb2.BatchJob, _Mapping[str, object]]] = ...) -> None: ...

class PauseBatchJobRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class PauseBatchJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: _batch_job_pb2.BatchJob
    def __init__(self, job: _Optional[_Union[_batch_job_pb2.BatchJob, _Mapping[str, object]]] = ...) -> None: ...

class ResumeBatchJobRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class ResumeBatchJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: _batch_job_pb2.BatchJob
    def __init__(self, job: _Optional[_Union[_batch_job_pb2.BatchJob, _Mapping[str, object]]] = ...) -> None: ...

class CancelBatchJobRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class CancelBatchJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: _batch_job_pb2.BatchJob
    def __init__(self, job: _Optional[_Union[_batch_job_pb2.BatchJob, _Mapping[str, object]]] = ...) -> None: ...
