import type { BreakerState } from "../../core/delivery-status.ts";
import type { GoneState, StoredState } from "../../core/message.ts";
import {
  type QuarantineReason,
  quarantineReasonFromNumber,
  type Reason,
  reasonFromNumber,
} from "../../core/reason.ts";

/** Numbers of the states as scripts write them (lua/lib/state.lua, lua/settle.lua). */
const STORED = ["SCHEDULED", "IN_FLIGHT", "QUARANTINED"] as const satisfies StoredState[];
const GONE = ["SUCCEEDED", "DISCARDED", "EXPIRED", "PURGED"] as const satisfies GoneState[];

export const STATE_NUMBERS = {
  SCHEDULED: 1,
  IN_FLIGHT: 2,
  QUARANTINED: 3,
} as const satisfies Record<StoredState, number>;

export function storedState(n: number): StoredState {
  const state = STORED[n - 1];
  if (state === undefined) throw new Error(`the store answered with an unknown state ${n}`);
  return state;
}

/** As `storedState`, where a message may also be gone, or never have been: 0. */
export function anyState(n: number): StoredState | GoneState | undefined {
  return n === 0 ? undefined : (STORED[n - 1] ?? GONE[n - 4]);
}

/** A reason written by a newer version reads as unknown. */
export function storedReason(n: number): Reason {
  return reasonFromNumber(n) ?? "UNKNOWN_ERROR";
}

export function storedQuarantineReason(n: number): QuarantineReason | undefined {
  return n === 0 ? undefined : quarantineReasonFromNumber(n);
}

/** Numbers as in lua/lib/breaker.lua. */
const BREAKER_STATES: readonly BreakerState[] = ["CLOSED", "OPEN", "HALF_OPEN"];

export function storedBreakerState(number: number): BreakerState {
  return BREAKER_STATES[number] ?? "CLOSED";
}
