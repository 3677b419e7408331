import { decodeQueueRecord, type PastRedact } from "../../codec/queue-record.ts";
import { REDACT_ALL } from "../../core/redaction/entry.ts";
import { DAY_MS } from "../../core/time-units.ts";
import type { OutboxChange } from "../../store/contract.ts";

/** An outbox keeps changes for about a day, and for two days if no others come. */
const KEPT_MS = 3 * DAY_MS;
/** Of all entries of a queue; and if many deleted queues have some, since these count for no limit. Beyond, all is hidden. */
const [MOST_BYTES, FEW_BYTES] = [4_000, 40];
const MANY = 1_000;

/**
 * What must be hidden before the end of the outbox, by the entries up to now and earlier ones. Undefined: nothing. The store adds
 * where the outbox ends, when it writes the record. `deleted`: how many deleted queues have such a record.
 */
export function pastRedactOf(
  redact: readonly string[],
  earlier: PastRedact | undefined,
  nowMs: number,
  deleted = 0,
): PastRedact | undefined {
  const all = [...new Set([...redact, ...(stillNeeded(earlier, nowMs)?.entries ?? [])])];
  if (all.length === 0) return undefined;
  const most = deleted < MANY ? MOST_BYTES : FEW_BYTES;
  const isTooLarge = Buffer.byteLength(all.join(" ")) > most;
  return { entries: isTooLarge ? REDACT_ALL : all, epochMs: 0, next: 0, endedAtMs: nowMs };
}

/** Undefined: no outbox has changes of that time. */
export function stillNeeded(past: PastRedact | undefined, nowMs: number): PastRedact | undefined {
  return past !== undefined && nowMs - past.endedAtMs < KEPT_MS ? past : undefined;
}

/** Whether a change came before what was hidden ended. Not by time: the clock may have stepped back. */
export function isBefore(
  { epochMs, number }: Pick<OutboxChange, "epochMs" | "number">,
  past: PastRedact,
): boolean {
  return epochMs < past.epochMs || (epochMs === past.epochMs && number < past.next);
}

/**
 * Until when the record of a queue is needed, by the store's clock. Infinity: something is set, or it cannot be read. Else it has only
 * what was hidden before.
 */
export function neededUntilMs(record: Uint8Array): number {
  try {
    const { etag, pastRedact } = decodeQueueRecord(record);
    return etag === "" ? (pastRedact?.endedAtMs ?? 0) + KEPT_MS : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
