import { create } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, UINT32_MAX, WireType } from "@bufbuild/protobuf/wire";
import {
  type StreamDueResponse,
  StreamDueResponseSchema,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { DueDelivery } from "../../app/commands.ts";
import { encodeLeaseToken } from "../../core/lease-token.ts";
import { formatMessageId } from "../../core/message-id.ts";
import { REASONS } from "../../core/reason.ts";

const { LengthDelimited, Varint } = WireType;
/** Fields of the envelope that edits have under the same number, and of edits alone. */
const [PAYLOAD, ATTRIBUTES] = [1, 2];
const [ATTRIBUTES_EDITED, APPLIED] = [3, 4];
const FAILURE = 3;

/** Fields of the stored envelope, and where a `dlq.v1.Message` has them, with the same content. */
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

/**
 * A frame of deliveries for a peer that gets protobuf's bytes: what is stored goes from the envelope
 * into the frame as it is, in place of being read and written again field by field, which cost half
 * of a delivery. A test holds it to what `writeFrames` says of the same deliveries.
 */
export function spliceDeliveries(deliveries: readonly DueDelivery[]): StreamDueResponse {
  const writer = new BinaryWriter();
  writer.fork();
  for (const due of deliveries) {
    writer.tag(1, LengthDelimited).fork();
    writeDelivery(writer, due);
    writer.join();
  }
  writer.join();
  const response = create(StreamDueResponseSchema);
  // Not unknown at all: the field `deliveries`, encoded.
  response.$unknown = [{ no: 2, wireType: LengthDelimited, data: writer.finish() }];
  return response;
}

function writeDelivery(writer: BinaryWriter, due: DueDelivery): void {
  const { queue, id: messageId, deliveryNumber, nonce } = due;
  writer.tag(1, LengthDelimited).fork();
  writeMessage(writer, due);
  writer.join();
  const token = encodeLeaseToken({ queue, messageId, deliveryNumber, nonce });
  writer.tag(2, LengthDelimited).string(token);
  writeTimestamp(writer, 3, due.leaseExpireAtMs);
  // Attempts are failures so far; this hand-out is the next one.
  writer.tag(4, Varint).uint32(due.attempts + 1);
  writer.tag(5, Varint).uint32(deliveryNumber);
  if (due.outcomeUnknown) writer.tag(6, Varint).bool(true);
}

function writeMessage(writer: BinaryWriter, due: DueDelivery): void {
  writer.tag(1, LengthDelimited).string(formatMessageId(due.id));
  writer.tag(2, LengthDelimited).string(due.queue);
  const edited = spliceEdits(writer, due.edits);
  spliceEnvelope(writer, due, edited.fields);
  writer.tag(5, Varint).int32(REASONS[due.reason]);
  if (due.latestFailure !== undefined) writer.tag(6, LengthDelimited).bytes(due.latestFailure);
  if (due.failureCount !== 0) writer.tag(7, Varint).uint32(due.failureCount);
  writeTimestamp(writer, 14, due.createdAtMs);
  writeTimestamp(writer, 15, due.dueAtMs);
  if (due.expireAtMs !== undefined) writeTimestamp(writer, 16, due.expireAtMs);
  if (due.attempts !== 0) writer.tag(17, Varint).uint32(due.attempts);
  if (due.edits === undefined) return;
  writer.tag(18, Varint).bool(true);
  if (edited.count !== 0) writer.tag(19, Varint).uint32(edited.count);
}

function spliceEnvelope(
  writer: BinaryWriter,
  { envelope, latestFailure }: DueDelivery,
  edited: ReadonlySet<number>,
): void {
  const reader = new BinaryReader(envelope);
  while (reader.pos < reader.len) {
    const [no, wireType] = reader.tag();
    const from = reader.pos;
    reader.skip(wireType, no);
    const target = FIELD_OF[no];
    if (target === undefined || edited.has(no)) continue;
    if (no === FAILURE && latestFailure !== undefined) continue;
    writer.tag(target, wireType).raw(envelope.subarray(from, reader.pos));
  }
}

const UNEDITED: ReadonlySet<number> = new Set();

/** Writes what stands in for the envelope's, and says which of its fields, after how many edits. */
function spliceEdits(
  writer: BinaryWriter,
  edits: Uint8Array | undefined,
): { fields: ReadonlySet<number>; count: number } {
  if (edits === undefined) return { fields: UNEDITED, count: 0 };
  const fields = new Set<number>();
  let count = 0;
  const reader = new BinaryReader(edits);
  while (reader.pos < reader.len) {
    const [no, wireType] = reader.tag();
    const from = reader.pos;
    reader.skip(wireType, no);
    if (no === PAYLOAD || no === ATTRIBUTES) {
      fields.add(no);
      writer.tag(FIELD_OF[no] as number, wireType).raw(edits.subarray(from, reader.pos));
    } else if (no === ATTRIBUTES_EDITED) {
      fields.add(ATTRIBUTES);
    } else if (no === APPLIED) {
      count += 1;
    }
  }
  return { fields, count };
}

function writeTimestamp(writer: BinaryWriter, no: number, atMs: number): void {
  const seconds = Math.floor(atMs / 1_000);
  const nanos = (atMs - seconds * 1_000) * 1_000_000;
  writer.tag(no, LengthDelimited).fork();
  // The same bytes, until 2106 without a detour over BigInt.
  if (seconds > 0 && seconds <= UINT32_MAX) writer.tag(1, Varint).uint32(seconds);
  else if (seconds !== 0) writer.tag(1, Varint).int64(seconds);
  if (nanos !== 0) writer.tag(2, Varint).int32(nanos);
  writer.join();
}
