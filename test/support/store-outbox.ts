import type { Redis } from "ioredis";
import { Reader } from "../../src/store/redis/packed/reader.ts";

/** One state change in the outbox. */
export interface OutboxChange {
  kind: string;
  /** Hex. */
  id: string;
  version: number;
  state: number;
  reason: number;
  quarantineReason: number;
  attempts: number;
  deliveryNumber: number;
  dueAtMs: number;
  note: string;
  /** `dlq.storage.v1.EventFields`, or nothing. */
  fields: Buffer;
}

export interface OutboxEntry {
  /** Bytes before it. */
  position: number;
  atMs: number;
  queue: string;
  /** The number of its first change. */
  first: number;
  epochMs: number;
  changes: OutboxChange[];
}

/** Names by number, independent of packed/constants.ts; [0] is none. */
const KINDS = [
  "",
  "sent",
  "joined",
  "claimed",
  "succeeded",
  "failed",
  "released",
  "returned",
  "expired_lease",
  "quarantined",
  "discarded",
  "expired_ttl",
  "retried",
  "extended",
  "expired_retention",
  "breaker_opened",
  "breaker_half_opened",
  "breaker_closed",
  "order_released",
  "moved_out",
  "moved_in",
  "move_refused",
  "edited",
  "purged",
  "queue_paused",
  "queue_resumed",
  "group_opened",
  "group_regressed",
  "undeleted",
] as const;

/** Reads all entries of the outbox of a partition. `base`: of the partition's keys, without the `/`. */
export async function readOutbox(redis: Redis, base: string): Promise<OutboxEntry[]> {
  const entries = (await redis.callBuffer("XRANGE", `${base}/outbox`, "-", "+")) as [
    Buffer,
    Buffer[],
  ][];
  return entries.map(([id, fields]) => {
    const [position, atMs] = String(id).split("-").map(Number);
    return {
      ...{ position: position as number, atMs: atMs as number },
      ...decodeEntry(fields[1] as Buffer),
    };
  });
}

/** Throws on anything left over. */
function decodeEntry(data: Buffer): Pick<OutboxEntry, "queue" | "first" | "epochMs" | "changes"> {
  const reader = new Reader(data);
  const first = reader.number(6);
  const count = reader.number(1);
  const epochMs = reader.number(6);
  const queue = Buffer.from(reader.bytes(reader.number(1))).toString();
  const changes: OutboxChange[] = [];
  while (!reader.done) changes.push(decodeChange(reader));
  if (changes.length !== count) throw new Error(`${changes.length} changes in place of ${count}`);
  return { queue, first, epochMs, changes };
}

function decodeChange(reader: Reader): OutboxChange {
  const kind = KINDS[reader.number(1)];
  if (!kind) throw new Error("a change of no kind");
  return {
    kind,
    id: Buffer.from(reader.bytes(16)).toString("hex"),
    version: reader.number(2),
    state: reader.number(1),
    reason: reader.number(1),
    quarantineReason: reader.number(1),
    attempts: reader.number(2),
    deliveryNumber: reader.number(4),
    dueAtMs: reader.number(6),
    note: Buffer.from(reader.bytes(reader.number(1))).toString(),
    fields: Buffer.from(reader.bytes(reader.number(1))),
  };
}
