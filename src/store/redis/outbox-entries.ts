import type { ChangeKind, OutboxChange, OutboxPosition } from "../contract/outbox.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { optionalMs, Reader } from "./packed/reader.ts";
import { anyState, namesByNumber, storedQuarantineReason, storedReason } from "./states.ts";

const KINDS: readonly ChangeKind[] = namesByNumber(CONSTANTS.CHANGE);

/** Changes of one queue that one script made, as lua/lib/outbox.lua writes them. */
export interface OutboxEntry {
  readonly partition: number;
  /** Bytes before the entry, `-`, and its time in milliseconds. No two entries have the same. */
  readonly id: string;
  readonly first: number;
  /** See OutboxChange. */
  readonly epochMs: number;
  readonly changes: readonly OutboxChange[];
}

/** As Redis replies. */
export type StreamEntry = [id: Buffer, fields: Buffer[]];

/** Undefined: no server has written it. If no server can write after it, the next change begins the outbox again. */
export function decodeEntry(entry: StreamEntry, partition: number): OutboxEntry | undefined {
  try {
    return decodeOwnEntry(entry, partition);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function decodeOwnEntry([id, [, data]]: StreamEntry, partition: number): OutboxEntry {
  const reader = new Reader(data ?? Buffer.alloc(0));
  const { first, count, epoch: epochMs, queue } = reader.read(LAYOUTS.outboxEntry);
  const atMs = Number(String(id).split("-")[1]);
  const of = { partition, epochMs, atMs, queue: Buffer.from(queue).toString() };
  const changes: OutboxChange[] = [];
  while (changes.length < count) changes.push(decodeChange(reader, of, first + changes.length));
  return { partition, id: String(id), first, epochMs, changes };
}

function decodeChange(
  reader: Reader,
  of: Pick<OutboxChange, "partition" | "epochMs" | "atMs" | "queue">,
  number: number,
): OutboxChange {
  const change = reader.read(LAYOUTS.change);
  return {
    partition: of.partition,
    epochMs: of.epochMs,
    atMs: of.atMs,
    queue: of.queue,
    number,
    kind: KINDS[change.kind],
    id: change.id,
    version: change.version,
    state: anyState(change.state),
    reason: change.reason === 0 ? undefined : storedReason(change.reason),
    quarantineReason: storedQuarantineReason(change.qreason),
    attempts: change.attempts,
    deliveryNumber: change.delivery,
    dueAtMs: optionalMs(change.due),
    note: change.note.length === 0 ? "" : Buffer.from(change.note).toString(),
    fields: change.fields,
  };
}

/** The number of bytes before an entry. */
export const bytesBefore = ({ id }: { readonly id: string }): number => Number(id.split("-")[0]);

/** The position after an entry. */
export const positionAfter = ({ id, first, changes, epochMs }: OutboxEntry): OutboxPosition => ({
  entryId: id,
  next: first + changes.length,
  epochMs,
});

/** When the last entry that was read happened. 0: none was. */
export const timeOf = ({ entryId }: OutboxPosition): number => Number(entryId.split("-")[1]);
