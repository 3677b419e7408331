import { decodeQueueRecord, type PastRedact } from "../../codec/queue-record.ts";
import { REDACT_ALL } from "../../core/redaction/entry.ts";
import { DAY_MS } from "../../core/time-units.ts";
import type { OutboxChange, OutboxPosition } from "../../store/contract.ts";

/** An outbox keeps changes for about a day, and for two days if no others come. */
const KEPT_MS = 7 * DAY_MS;
/** Entries that are kept. Beyond, all is hidden. */
const MOST = 1_000;

/** What must be hidden before the end of the outbox, by the entries up to now and earlier ones. Undefined: nothing. */
export function pastRedactOf(
  redact: readonly string[],
  earlier: PastRedact | undefined,
  { epochMs, next }: OutboxPosition,
  nowMs: number,
): PastRedact | undefined {
  const all = [...new Set([...redact, ...(stillNeeded(earlier, nowMs)?.entries ?? [])])];
  if (all.length === 0) return undefined;
  return { entries: all.length > MOST ? REDACT_ALL : all, epochMs, next, endedAtMs: nowMs };
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

/** Whether something is set, or cannot be read: else a queue's record has only what was hidden before. */
export function isQueueSet(record: Uint8Array): boolean {
  try {
    return decodeQueueRecord(record).etag !== "";
  } catch {
    return true;
  }
}
