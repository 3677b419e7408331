from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_UNSPECIFIED: _ClassVar[Reason]
    REASON_VALIDATION_FAILED: _ClassVar[Reason]
    REASON_EXECUTION_FAILED: _ClassVar[Reason]
    REASON_TIMEOUT: _ClassVar[Reason]
    REASON_RESOURCE_EXHAUSTED: _ClassVar[Reason]
    REASON_PLUGIN_ERROR: _ClassVar[Reason]
    REASON_WEBHOOK_FAILED: _ClassVar[Reason]
    REASON_MAX_RETRIES_EXCEEDED: _ClassVar[Reason]
    REASON_POISON_MESSAGE: _ClassVar[Reason]
    REASON_NETWORK_ERROR: _ClassVar[Reason]
    REASON_AUTHENTICATION_ERROR: _ClassVar[Reason]
    REASON_UNKNOWN_ERROR: _ClassVar[Reason]

class MessageState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MESSAGE_STATE_UNSPECIFIED: _ClassVar[MessageState]
    MESSAGE_STATE_SCHEDULED: _ClassVar[MessageState]
    MESSAGE_STATE_IN_FLIGHT: _ClassVar[MessageState]
    MESSAGE_STATE_QUARANTINED: _ClassVar[MessageState]
    MESSAGE_STATE_SUCCEEDED: _ClassVar[MessageState]
    MESSAGE_STATE_DISCARDED: _ClassVar[MessageState]
    MESSAGE_STATE_EXPIRED: _ClassVar[MessageState]
    MESSAGE_STATE_PURGED: _ClassVar[MessageState]

class QuarantineReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QUARANTINE_REASON_UNSPECIFIED: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_NON_RETRYABLE: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_POISON: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_RETRIES_EXHAUSTED: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_CRASH_LOOP: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_TTL_EXPIRED: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_WORKER_REQUEST: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_PRODUCER_REQUEST: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_RULE: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_OPERATOR_REQUEST: _ClassVar[QuarantineReason]

class BreakerState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BREAKER_STATE_UNSPECIFIED: _ClassVar[BreakerState]
    BREAKER_STATE_CLOSED: _ClassVar[BreakerState]
    BREAKER_STATE_OPEN: _ClassVar[BreakerState]
    BREAKER_STATE_HALF_OPEN: _ClassVar[BreakerState]
REASON_UNSPECIFIED: Reason
REASON_VALIDATION_FAILED: Reason
REASON_EXECUTION_FAILED: Reason
REASON_TIMEOUT: Reason
REASON_RESOURCE_EXHAUSTED: Reason
REASON_PLUGIN_ERROR: Reason
REASON_WEBHOOK_FAILED: Reason
REASON_MAX_RETRIES_EXCEEDED: Reason
REASON_POISON_MESSAGE: Reason
REASON_NETWORK_ERROR: Reason
REASON_AUTHENTICATION_ERROR: Reason
REASON_UNKNOWN_ERROR: Reason
MESSAGE_STATE_UNSPECIFIED: MessageState
MESSAGE_STATE_SCHEDULED: MessageState
MESSAGE_STATE_IN_FLIGHT: MessageState
MESSAGE_STATE_QUARANTINED: MessageState
MESSAGE_STATE_SUCCEEDED: MessageState
MESSAGE_STATE_DISCARDED: MessageState
MESSAGE_STATE_EXPIRED: MessageState
MESSAGE_STATE_PURGED: MessageState
QUARANTINE_REASON_UNSPECIFIED: QuarantineReason
QUARANTINE_REASON_NON_RETRYABLE: QuarantineReason
QUARANTINE_REASON_POISON: QuarantineReason
QUARANTINE_REASON_RETRIES_EXHAUSTED: QuarantineReason
QUARANTINE_REASON_CRASH_LOOP: QuarantineReason
QUARANTINE_REASON_TTL_EXPIRED: QuarantineReason
QUARANTINE_REASON_WORKER_REQUEST: QuarantineReason
QUARANTINE_REASON_PRODUCER_REQUEST: QuarantineReason
QUARANTINE_REASON_RULE: QuarantineReason
QUARANTINE_REASON_OPERATOR_REQUEST: QuarantineReason
BREAKER_STATE_UNSPECIFIED: BreakerState
BREAKER_STATE_CLOSED: BreakerState
BREAKER_STATE_OPEN: BreakerState
BREAKER_STATE_HALF_OPEN: BreakerState
