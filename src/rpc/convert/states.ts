import {
  AckStatus as Ack,
  ConditionCode,
  RetryRefusal as Refusal,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { BreakerState as Breaker, MessageState } from "../../../gen/dlq/v1/state_pb.ts";
import type { AckStatus, GoneState, RetryRefusal, StoredState } from "../../app/commands.ts";
import type { BreakerState } from "../../core/delivery-status.ts";

/** Names of the core, as numbers of the contract. */

export const STATE_NUMBERS = {
  SCHEDULED: MessageState.SCHEDULED,
  IN_FLIGHT: MessageState.IN_FLIGHT,
  QUARANTINED: MessageState.QUARANTINED,
  SUCCEEDED: MessageState.SUCCEEDED,
  DISCARDED: MessageState.DISCARDED,
  EXPIRED: MessageState.EXPIRED,
  PURGED: MessageState.PURGED,
} as const satisfies Record<StoredState | GoneState, MessageState>;

export const ACK_STATUS_NUMBERS = {
  APPLIED: Ack.APPLIED,
  LEASE_LOST: Ack.LEASE_LOST,
  NOT_FOUND: Ack.NOT_FOUND,
  INVALID: Ack.INVALID,
  INTERNAL: Ack.INTERNAL,
} as const satisfies Record<AckStatus, Ack>;

export const REFUSAL_NUMBERS = {
  NOT_FOUND: Refusal.NOT_FOUND,
  IN_FLIGHT: Refusal.IN_FLIGHT,
  INVALID_ID: Refusal.INVALID_ID,
  TRANSFORM_FAILED: Refusal.TRANSFORM_FAILED,
} as const satisfies Record<RetryRefusal, Refusal>;

export const BREAKER_NUMBERS = {
  CLOSED: Breaker.CLOSED,
  OPEN: Breaker.OPEN,
  HALF_OPEN: Breaker.HALF_OPEN,
} as const satisfies Record<BreakerState, Breaker>;

/** Unknown codes become UNSPECIFIED; the message still explains the condition. */
export function conditionNumber(code: string): ConditionCode {
  return code in ConditionCode
    ? ConditionCode[code as keyof typeof ConditionCode]
    : ConditionCode.UNSPECIFIED;
}
