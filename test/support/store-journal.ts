import { Reader } from "../../src/store/redis/packed/reader.ts";

/** One record of a queue's journal. */
export interface JournalRecord {
  kind: string;
  /** Hex. */
  id: string;
  state: number;
  reason: number;
  quarantineReason: number;
  attempts: number;
  deliveryNumber: number;
  dueAtMs: number;
  note: string;
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
] as const;

/** Reads the records of one entry. Throws on anything left over. */
export function decodeJournal(entry: Buffer): JournalRecord[] {
  const reader = new Reader(entry);
  const records: JournalRecord[] = [];
  while (!reader.done) {
    const kind = KINDS[reader.number(1)];
    if (!kind) throw new Error("a record of no kind");
    records.push({
      kind,
      id: Buffer.from(reader.bytes(16)).toString("hex"),
      state: reader.number(1),
      reason: reader.number(1),
      quarantineReason: reader.number(1),
      attempts: reader.number(2),
      deliveryNumber: reader.number(4),
      dueAtMs: reader.number(6),
      note: Buffer.from(reader.bytes(reader.number(1))).toString(),
    });
  }
  return records;
}
