import {
  type QuarantineReason,
  quarantineReasonFromNumber,
  type Reason,
  reasonFromNumber,
} from "../../src/core/reason.ts";
import { ReplyReader } from "../../src/store/redis/reply.ts";

/** A message's packed state, read by a second pair of eyes than the scripts' own. */
export interface DumpedState {
  state: "SCHEDULED" | "IN_FLIGHT" | "QUARANTINED";
  isolated: boolean;
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
  /** Waits in a lane of retries. */
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
  /** On its way to another queue. */
  moving: boolean;
  /** Moves by rules so far. */
  hops: number;
}

const STATES = ["SCHEDULED", "IN_FLIGHT", "QUARANTINED"] as const;

export function decodeState(packed: Buffer): DumpedState {
  const reader = new ReplyReader(packed);
  const state = STATES[reader.u8() - 1];
  if (state === undefined) throw new Error("a message in no state");
  const place = reader.u8();
  const flags = reader.u8();
  const decoded = {
    state,
    isolated: place === 1,
    moving: place === 2,
    rejoined: (flags & 1) !== 0,
    poisoned: (flags & 2) !== 0,
    hasHistory: (flags & 4) !== 0,
    probe: (flags & 16) !== 0,
    budgeted: (flags & 32) !== 0,
    waiting: (flags & 64) !== 0,
    edited: (flags & 128) !== 0,
    reason: reasonFromNumber(reader.u8()),
    quarantineReason: quarantineReasonFromNumber(reader.u8()),
    version: reader.u16(),
    attempts: reader.u16(),
    expiries: reader.u8(),
    releases: reader.u8(),
    unknown: reader.u16(),
    failures: reader.u16(),
    deliveryNumber: reader.u32(),
    bytes: reader.u32(),
    dueAtMs: reader.ms(),
    expireAtMs: reader.ms(),
    ttlSeconds: reader.u32(),
    sinceMs: reader.ms(),
    leaseMs: reader.u32(),
  };
  const lease = Buffer.from(reader.bytes(reader.u8()));
  reader.bytes(reader.u8());
  reader.bytes(reader.u16());
  return {
    ...decoded,
    ...decodeExtra((flags & 8) !== 0 ? reader : undefined),
    nonce: lease.subarray(0, 16).toString("hex"),
    session: lease.subarray(16).toString("hex"),
  };
}

/** What only few messages have. */
function decodeExtra(reader: ReplyReader | undefined) {
  if (reader === undefined) {
    return { priority: 0, limiterKey: "", orderingKey: "", roundAtMs: 0, lastDelayMs: 0, hops: 0 };
  }
  const text = (length: number) => Buffer.from(reader.bytes(length)).toString();
  return {
    priority: (reader.u8() << 24) >> 24,
    limiterKey: text(reader.u8()),
    orderingKey: text(reader.u16()),
    roundAtMs: reader.ms(),
    lastDelayMs: reader.ms(),
    hops: reader.u8(),
  };
}

/** How many messages came before: the 40 bits around version and variant. */
export function sequenceOf(id: Buffer): number {
  const high = id.readUInt16BE(6) & 0x0fff;
  const middle = id.readUInt8(8) & 0x3f;
  const low = id.readUIntBE(9, 3) >> 2;
  return high * 2 ** 28 + middle * 2 ** 22 + low;
}
