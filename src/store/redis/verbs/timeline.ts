import { QUARANTINE_REASONS } from "../../../core/reason.ts";
import { cutUtf8 } from "../../../core/utf8.ts";
import type { StoredEvent, StoredEventKind } from "../../contract.ts";
import { CONSTANTS } from "../packed/constants.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { optionalMs, Reader } from "../packed/reader.ts";
import { namesByNumber, storedQuarantineReason } from "../states.ts";
import { holderEntry, nodeOf, workerOf } from "./stats.ts";

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
  // An import has a caller and a queue, and no note.
  const isImport = kind === "IMPORTED";
  return {
    kind,
    atMs: at,
    startedAtMs: optionalMs(began),
    delivery,
    quarantineReason: storedQuarantineReason(qreason),
    workerId: holder === "" ? undefined : workerOf(holder),
    server: holder === "" ? undefined : nodeOf(holder),
    caller: isMove || who === "" ? undefined : who,
    queue: isMove ? who : isImport ? note : undefined,
    note: isImport ? "" : note,
  };
}

/** Writes events as `readTimeline` reads them. Texts are cut to what scripts write. */
export function packTimeline(events: readonly StoredEvent[]): Buffer {
  return Buffer.concat(
    events.flatMap((event) => {
      const entry = packEvent(event);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(entry.length);
      return [length, entry];
    }),
  );
}

function packEvent(event: StoredEvent): Buffer {
  const { kind, quarantineReason, workerId, server, caller = "", queue = "" } = event;
  const isMove = kind === "MOVED" || kind === "MOVE_REFUSED";
  const note = kind === "IMPORTED" ? queue : event.note;
  return LAYOUTS.timelineEntry.pack({
    kind: CONSTANTS.EVENT[kind],
    ...{ at: event.atMs, began: event.startedAtMs ?? 0, delivery: event.delivery },
    qreason: quarantineReason === undefined ? 0 : QUARANTINE_REASONS[quarantineReason],
    holder: Buffer.from(holderEntry(server, workerId)),
    who: Buffer.from(cutUtf8(isMove ? queue : caller, CALLER_BYTES)),
    note: Buffer.from(cutUtf8(note, CONSTANTS.LIMIT.TIMELINE_NOTE_BYTES)),
  });
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
