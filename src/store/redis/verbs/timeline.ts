import type { StoredEvent, StoredEventKind } from "../../contract.ts";
import { CONSTANTS } from "../packed/constants.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { optionalMs, Reader } from "../packed/reader.ts";
import { namesByNumber, storedQuarantineReason } from "../states.ts";
import { nodeOf, workerOf } from "./stats.ts";

/** Longer names of callers are cut. */
export const CALLER_BYTES = 255;

const KINDS: readonly (StoredEventKind | undefined)[] = namesByNumber(CONSTANTS.EVENT);

/**
 * Reads the entries that lua/lib/timeline.lua writes. Leaves out those that are damaged, and those of kinds that this version
 * does not know.
 */
export function readTimeline(packed: Buffer): StoredEvent[] {
  const events: StoredEvent[] = [];
  for (let at = 0; at + 2 <= packed.length; ) {
    const start = at + 2;
    at = start + packed.readUInt16BE(at);
    const fields = readFields(packed.subarray(start, at));
    const kind = fields === undefined ? undefined : KINDS[fields.kind];
    if (fields !== undefined && kind !== undefined) events.push(eventOf(kind, fields));
  }
  return events;
}

/** Undefined: the entry is too short. */
function readFields(entry: Buffer) {
  try {
    return new Reader(entry).read(LAYOUTS.timelineEntry);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

type Fields = NonNullable<ReturnType<typeof readFields>>;

function eventOf(kind: StoredEventKind, fields: Fields): StoredEvent {
  const { at, began, delivery, qreason } = fields;
  const [holder, who, note] = [textOf(fields.holder), textOf(fields.who), textOf(fields.note)];
  const isMove = kind === "MOVED" || kind === "MOVE_REFUSED";
  return {
    kind,
    atMs: at,
    startedAtMs: optionalMs(began),
    delivery,
    quarantineReason: storedQuarantineReason(qreason),
    workerId: holder === "" ? undefined : workerOf(holder),
    server: holder === "" ? undefined : nodeOf(holder),
    caller: isMove || who === "" ? undefined : who,
    queue: isMove ? who : undefined,
    note,
  };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
