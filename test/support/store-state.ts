import {
  type QuarantineReason,
  quarantineReasonFromNumber,
  type Reason,
  reasonFromNumber,
} from "../../src/core/reason.ts";
import { Reader } from "../../src/store/redis/packed/reader.ts";

/** A message's packed state, decoded independently of packed/layouts.ts. */
export interface DumpedState {
  state: "SCHEDULED" | "IN_FLIGHT" | "QUARANTINED";
  isolated: boolean;
  hasEventFields: boolean;
  hasTimeline: boolean;
  rejoined: boolean;
  poisoned: boolean;
  hasHistory: boolean;
  reason: Reason | undefined;
  quarantineReason: QuarantineReason | undefined;
  version: number;
  attempts: number;
  expiries: number;
  releases: number;
  unknown: number;
  failures: number;
  deliveryNumber: number;
  bytes: number;
  dueAtMs: number;
  /** 0: never. */
  expireAtMs: number;
  ttlSeconds: number;
  sinceMs: number;
  leaseMs: number;
  /** Hex; empty when no lease is known. */
  nonce: string;
  session: string;
  probe: boolean;
  /** Waits in a key queue of retries. */
  budgeted: boolean;
  /** Waits behind its ordering key. */
  waiting: boolean;
  /** Its edits are beside its body. */
  edited: boolean;
  priority: number;
  /** What limits by key go by. */
  limiterKey: string;
  orderingKey: string;
  /** 0: at its arrival. */
  roundAtMs: number;
  lastDelayMs: number;
  /** Moves to another queue. */
  moving: boolean;
  /** Moves by rules so far. */
  hops: number;
  /** The number of its group; 0: none. */
  group: number;
}

const STATES = ["SCHEDULED", "IN_FLIGHT", "QUARANTINED"] as const;

export function decodeState(packed: Buffer): DumpedState {
  const reader = new Reader(packed);
  const state = STATES[reader.number(1) - 1];
  if (state === undefined) throw new Error("a message in no state");
  const placeAndMarks = reader.number(1);
  const place = placeAndMarks % 4;
  const flags = reader.number(1);
  const decoded = {
    state,
    isolated: place === 1,
    hasEventFields: (placeAndMarks & 4) !== 0,
    hasTimeline: (placeAndMarks & 16) !== 0,
    moving: place === 2,
    rejoined: (flags & 1) !== 0,
    poisoned: (flags & 2) !== 0,
    hasHistory: (flags & 4) !== 0,
    probe: (flags & 16) !== 0,
    budgeted: (flags & 32) !== 0,
    waiting: (flags & 64) !== 0,
    edited: (flags & 128) !== 0,
    reason: reasonFromNumber(reader.number(1)),
    quarantineReason: quarantineReasonFromNumber(reader.number(1)),
    version: reader.number(2),
    attempts: reader.number(2),
    expiries: reader.number(1),
    releases: reader.number(1),
    unknown: reader.number(2),
    failures: reader.number(2),
    deliveryNumber: reader.number(4),
    bytes: reader.number(4),
    dueAtMs: reader.number(6),
    expireAtMs: reader.number(6),
    ttlSeconds: reader.number(4),
    sinceMs: reader.number(6),
    leaseMs: reader.number(4),
  };
  const lease = Buffer.from(reader.bytes(reader.number(1)));
  reader.bytes(reader.number(1));
  reader.bytes(reader.number(2));
  const extra = decodeExtra((flags & 8) !== 0 ? reader : undefined);
  return {
    ...decoded,
    ...extra,
    group: (placeAndMarks & 8) !== 0 ? groupOf(reader.number(3)) : 0,
    nonce: lease.subarray(0, 16).toString("hex"),
    session: lease.subarray(16).toString("hex"),
  };
}

/** This number stands for none beside a timeline. */
const NO_GROUP = 16_777_214;

function groupOf(number: number): number {
  return number === NO_GROUP ? 0 : number;
}

/** The second part, which few messages have. */
function decodeExtra(reader: Reader | undefined) {
  if (reader === undefined) {
    return { priority: 0, limiterKey: "", orderingKey: "", roundAtMs: 0, lastDelayMs: 0, hops: 0 };
  }
  const text = (length: number) => Buffer.from(reader.bytes(length)).toString();
  const extra = {
    priority: (reader.number(1) << 24) >> 24,
    limiterKey: text(reader.number(1)),
    orderingKey: text(reader.number(2)),
    roundAtMs: reader.number(6),
    lastDelayMs: reader.number(6),
    hops: reader.number(1),
  };
  reader.bytes(reader.number(1));
  return extra;
}

/** How many messages came before: the 40 bits around version and variant. */
export function sequenceOf(id: Buffer): number {
  const high = id.readUInt16BE(6) & 0x0fff;
  const middle = id.readUInt8(8) & 0x3f;
  const low = id.readUIntBE(9, 3) >> 2;
  return high * 2 ** 28 + middle * 2 ** 22 + low;
}
