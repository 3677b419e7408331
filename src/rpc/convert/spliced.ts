import { BinaryReader, type WireType } from "@bufbuild/protobuf/wire";
import type { DueDelivery } from "../../app/commands.ts";
import { BackwardWriter } from "../../codec/backward-writer.ts";
import { encodeLeaseToken } from "../../core/lease-token.ts";
import { formatMessageId } from "../../core/message-id.ts";
import { REASONS } from "../../core/reason.ts";
import { EncodedMessage, PREFIX_BYTES } from "../grpc/frames.ts";

/** Field numbers that envelope and edits share, and those of edits alone. */
const [PAYLOAD, ATTRIBUTES] = [1, 2];
const [ATTRIBUTES_EDITED, APPLIED] = [3, 4];
const FAILURE = 3;

/**
 * Field numbers of the stored envelope, and the fields of `dlq.v1.Message` with the same content.
 */
const FIELD_OF: Readonly<Record<number, number>> = {
  1: 3, // payload
  2: 4, // attributes
  [FAILURE]: 6,
  4: 8, // source_id
  5: 9, // dedup_key
  6: 10, // ordering_key
  7: 11, // origin
  8: 12, // trace_context
  9: 13, // priority
};

/** At most so many bytes of a delivery are neither stored parts nor the queue's name, which it has twice. */
const FIXED_BYTES = 320;
const QUEUE_NAMES = 3;

/** The field `deliveries` of a frame: its tag and its length. */
const HEAD_BYTES = 6;

/**
 * Encodes a frame of deliveries as `StreamDueResponse`. Stored fields are copied from the envelope as bytes, once: decoding and
 * encoding them took half of a delivery's time, and each further copy counts in large ones. A test compares the result with
 * that of `writeFrame`.
 */
export function spliceDeliveries(deliveries: readonly DueDelivery[]): EncodedMessage {
  let most = PREFIX_BYTES + HEAD_BYTES;
  for (const due of deliveries) most += mostBytes(due);
  const writer = new BackwardWriter(most);
  for (let index = deliveries.length - 1; index >= 0; index--) {
    const end = writer.length;
    writeDelivery(writer, deliveries[index] as DueDelivery);
    writer.lengthDelimited(1, end);
  }
  writer.lengthDelimited(2, 0);
  writer.skip(PREFIX_BYTES);
  return new EncodedMessage(writer.finish());
}

function mostBytes({ envelope, edits, latestFailure, queue }: DueDelivery): number {
  const stored = envelope.length + (edits?.length ?? 0) + (latestFailure?.length ?? 0);
  return stored + FIXED_BYTES + QUEUE_NAMES * queue.length;
}

/** Fields in descending order: they are written from the last to the first. */
function writeDelivery(writer: BackwardWriter, due: DueDelivery): void {
  const { queue, id: messageId, deliveryNumber, nonce } = due;
  if (due.outcomeUnknown) writer.uint(6, 1);
  writer.uint(5, deliveryNumber);
  // `attempts` counts failures so far; this delivery is the next attempt.
  writer.uint(4, due.attempts + 1);
  writeTimestamp(writer, 3, due.leaseExpireAtMs);
  writer.ascii(2, encodeLeaseToken({ queue, messageId, deliveryNumber, nonce }));
  const end = writer.length;
  writeMessage(writer, due);
  writer.lengthDelimited(1, end);
}

function writeMessage(writer: BackwardWriter, due: DueDelivery): void {
  const edited = due.edits === undefined ? UNEDITED : readEdits(due.edits);
  if (edited.count !== 0) writer.uint(19, edited.count);
  if (due.edits !== undefined) writer.uint(18, 1);
  if (due.attempts !== 0) writer.uint(17, due.attempts);
  if (due.expireAtMs !== undefined) writeTimestamp(writer, 16, due.expireAtMs);
  writeTimestamp(writer, 15, due.dueAtMs);
  writeTimestamp(writer, 14, due.createdAtMs);
  if (due.failureCount !== 0) writer.uint(7, due.failureCount);
  if (due.latestFailure !== undefined) writer.bytes(6, due.latestFailure);
  writer.uint(5, REASONS[due.reason]);
  spliceEnvelope(writer, due, edited.fields);
  spliceFields(writer, edited.parts);
  writer.ascii(2, due.queue);
  writer.ascii(1, formatMessageId(due.id));
}

/** A stored field that is copied: its new number, and its bytes behind the tag. */
interface Part {
  readonly no: number;
  readonly wireType: WireType;
  readonly bytes: Uint8Array;
}

function spliceFields(writer: BackwardWriter, parts: readonly Part[]): void {
  for (let index = parts.length - 1; index >= 0; index--) {
    const { no, wireType, bytes } = parts[index] as Part;
    writer.raw(bytes);
    writer.tag(no, wireType);
  }
}

function spliceEnvelope(
  writer: BackwardWriter,
  { envelope, latestFailure }: DueDelivery,
  edited: ReadonlySet<number>,
): void {
  const parts: Part[] = [];
  const reader = new BinaryReader(envelope);
  while (reader.pos < reader.len) {
    const [no, wireType] = reader.tag();
    const from = reader.pos;
    reader.skip(wireType, no);
    const target = FIELD_OF[no];
    if (target === undefined || edited.has(no)) continue;
    if (no === FAILURE && latestFailure !== undefined) continue;
    parts.push({ no: target, wireType, bytes: envelope.subarray(from, reader.pos) });
  }
  spliceFields(writer, parts);
}

interface EditedParts {
  /** Fields of the envelope that the edits replace. */
  readonly fields: ReadonlySet<number>;
  readonly parts: readonly Part[];
  /** Number of edits. */
  readonly count: number;
}

const UNEDITED: EditedParts = { fields: new Set(), parts: [], count: 0 };

function readEdits(edits: Uint8Array): EditedParts {
  const fields = new Set<number>();
  const parts: Part[] = [];
  let count = 0;
  const reader = new BinaryReader(edits);
  while (reader.pos < reader.len) {
    const [no, wireType] = reader.tag();
    const from = reader.pos;
    reader.skip(wireType, no);
    if (no === PAYLOAD || no === ATTRIBUTES) {
      fields.add(no);
      const bytes = edits.subarray(from, reader.pos);
      parts.push({ no: FIELD_OF[no] as number, wireType, bytes });
    } else if (no === ATTRIBUTES_EDITED) {
      fields.add(ATTRIBUTES);
    } else if (no === APPLIED) {
      count += 1;
    }
  }
  return { fields, parts, count };
}

function writeTimestamp(writer: BackwardWriter, no: number, atMs: number): void {
  const seconds = Math.floor(atMs / 1_000);
  const nanos = (atMs - seconds * 1_000) * 1_000_000;
  const end = writer.length;
  if (nanos !== 0) writer.uint(2, nanos);
  if (seconds !== 0) writer.uint(1, seconds);
  writer.lengthDelimited(no, end);
}
