import type { BreakerState } from "../../core/delivery-status.ts";
import type { GoneState, StoredState } from "../../core/message.ts";
import {
  type QuarantineReason,
  quarantineReasonFromNumber,
  type Reason,
  reasonFromNumber,
} from "../../core/reason.ts";
import type { StateFields } from "../contract.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { optionalMs } from "./packed/reader.ts";

const STATES: readonly (StoredState | GoneState)[] = namesByNumber(CONSTANTS.STATE);
const BREAKER_STATES: readonly BreakerState[] = namesByNumber(CONSTANTS.BREAKER);

/** The names of a group of numbers, each at the index that is its number. */
export function namesByNumber<Name extends string>(
  numbers: Readonly<Record<Name, number>>,
): readonly Name[] {
  const names: Name[] = [];
  for (const [name, number] of Object.entries(numbers)) names[number as number] = name as Name;
  return names;
}

export function storedState(n: number): StoredState {
  const state = STATES[n];
  if (state === "SCHEDULED" || state === "IN_FLIGHT" || state === "QUARANTINED") return state;
  throw new Error(`the store answered with an unknown state ${n}`);
}

/** As `storedState`, also for messages that are gone. 0: there never was one. */
export function anyState(n: number): StoredState | GoneState | undefined {
  return STATES[n];
}

/** A reason that a newer version wrote reads as unknown. */
export function storedReason(n: number): Reason {
  return reasonFromNumber(n) ?? "UNKNOWN_ERROR";
}

export function storedQuarantineReason(n: number): QuarantineReason | undefined {
  return n === 0 ? undefined : quarantineReasonFromNumber(n);
}

export function storedBreakerState(n: number): BreakerState {
  return BREAKER_STATES[n] ?? "CLOSED";
}

/** The fields of a state, as scripts and chunks have them. */
export interface PackedState {
  state: number;
  qreason: number;
  reason: number;
  attempts: number;
  delivery: number;
  releases: number;
  expiries: number;
  unknown: number;
  failures: number;
  size: number;
  since: number;
  due: number;
  expire: number;
}

export function stateFields(packed: PackedState, isolated: boolean, priority: number): StateFields {
  return {
    state: storedState(packed.state),
    quarantineReason: storedQuarantineReason(packed.qreason),
    reason: storedReason(packed.reason),
    isolated,
    attempts: packed.attempts,
    deliveries: packed.delivery,
    releases: packed.releases,
    leaseExpiries: packed.expiries,
    unknownOutcomes: packed.unknown,
    failureCount: packed.failures,
    bytes: packed.size,
    sinceMs: packed.since,
    dueAtMs: packed.due,
    expireAtMs: optionalMs(packed.expire),
    priority,
  };
}
