import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type Edit,
  EditSchema,
  type Edits,
  EditsSchema,
} from "../../gen/dlq/storage/v1/edits_pb.ts";
import { type Envelope, EnvelopeSchema } from "../../gen/dlq/storage/v1/envelope_pb.ts";
import { FailureSchema } from "../../gen/dlq/v1/failure_pb.ts";
import { PayloadSchema, type Payload as WirePayload } from "../../gen/dlq/v1/message_pb.ts";
import { TransformTarget } from "../../gen/dlq/v1/rule_pb.ts";
import type { MessageContent, Payload } from "../core/message.ts";
import type { Transform } from "../core/transform/transform.ts";

/** A stored message as it would be delivered. */
export interface StoredMessage extends MessageContent {
  sourceId: string;
  orderingKey: string;
  origin: {
    service: string;
    instance: string;
    version: string;
    coordinates: Readonly<Record<string, string>>;
  };
}

/** The edits of a message, stored beside its envelope. */
export interface EditRecord {
  /** Replaces the envelope's payload; undefined: not edited. */
  payload: Payload | undefined;
  /** Replaces the envelope's attributes; undefined: not edited. */
  attributes: Readonly<Record<string, string>> | undefined;
  /** Hashes of all transforms that were applied. */
  applied: readonly Uint8Array[];
  /** The latest changes. */
  diffs: readonly EditDiff[];
  /** The record as it was read. It keeps fields of newer versions. */
  stored?: Edits | undefined;
}

/** What one transform changed. */
export interface EditDiff {
  source: string;
  hash: Uint8Array;
  /** Undefined: not stored. */
  atMs: number | undefined;
  /** Undefined: unknown to this version. */
  target: Transform["target"] | undefined;
  /** JSON Patches; empty: not stored. */
  patch: string;
  inverse: string;
  /** The change as it was read. It keeps fields of newer versions. */
  stored?: Edit;
}

/** Decodes an envelope and applies its edits. Throws on damaged bytes. */
export function decodeMessage(envelope: Uint8Array, edits: EditRecord | undefined): StoredMessage {
  return messageOf(fromBinary(EnvelopeSchema, envelope), edits);
}

/** A failure as expressions see it. Its reason is in the message's state. */
export interface StoredFailure {
  type: string;
  message: string;
  grpcCode: number | undefined;
  httpStatus: number | undefined;
  attributes: Readonly<Record<string, string>>;
  /** Whether something of it was cut off. */
  truncated: boolean;
}

/**
 * As `decodeMessage`, with the latest failure: `later`, a `dlq.v1.Failure`; undefined: the one that the message was sent with.
 */
export function decodeContent(
  envelope: Uint8Array,
  edits: EditRecord | undefined,
  later: Uint8Array | undefined,
): { message: StoredMessage; failure: StoredFailure } {
  const stored = fromBinary(EnvelopeSchema, envelope);
  const sent = stored.failure ?? create(FailureSchema);
  const failure = later === undefined ? sent : fromBinary(FailureSchema, later);
  const { type, message, grpcCode, httpStatus, attributes, truncated } = failure;
  return {
    message: messageOf(stored, edits),
    failure: { type, message, grpcCode, httpStatus, attributes, truncated },
  };
}

/** The attributes of all failures of a message. `later`: each a `dlq.v1.Failure`. Throws on damaged bytes. */
export function attributesOfFailures(
  envelope: Uint8Array,
  later: readonly Uint8Array[],
): Readonly<Record<string, string>>[] {
  const { failure, importedHistory } = fromBinary(EnvelopeSchema, envelope);
  const failures = [failure, ...(importedHistory?.failures ?? []).map((one) => one.failure)];
  failures.push(...later.map((bytes) => fromBinary(FailureSchema, bytes)));
  return failures.flatMap((one) => (one === undefined ? [] : [one.attributes]));
}

function messageOf(stored: Envelope, edits: EditRecord | undefined): StoredMessage {
  const { sourceId, orderingKey, origin } = stored;
  return {
    sourceId,
    orderingKey,
    payload: edits?.payload ?? plainPayload(stored.payload),
    attributes: edits?.attributes ?? stored.attributes,
    origin: {
      service: origin?.service ?? "",
      instance: origin?.instance ?? "",
      version: origin?.version ?? "",
      coordinates: origin?.coordinates ?? {},
    },
  };
}

/** Decodes `dlq.storage.v1.Edits`; undefined if the message was never edited. */
export function decodeEdits(bytes: Uint8Array | undefined): EditRecord | undefined {
  if (bytes === undefined) return undefined;
  const edits = fromBinary(EditsSchema, bytes);
  return {
    payload: edits.payload && plainPayload(edits.payload),
    attributes: edits.attributesEdited ? edits.attributes : undefined,
    applied: edits.applied,
    diffs: edits.edits.map((stored) => {
      const { who, hash, time, target, patch, inverse } = stored;
      const atMs = time && timestampMs(time);
      return { source: who, hash, atMs, target: EDIT_TARGETS[target], patch, inverse, stored };
    }),
    stored: edits,
  };
}

export function encodeEdits(record: EditRecord): Uint8Array {
  const { payload, attributes, applied, diffs, stored } = record;
  const edits = create(EditsSchema);
  if (stored?.$unknown !== undefined) edits.$unknown = stored.$unknown;
  if (payload !== undefined) edits.payload = wirePayload(payload);
  if (attributes !== undefined) {
    edits.attributesEdited = true;
    edits.attributes = { ...attributes };
  }
  edits.applied = [...applied];
  edits.edits = diffs.map(wireEdit);
  return toBinary(EditsSchema, edits);
}

function wireEdit({ source, hash, atMs, target, patch, inverse, stored }: EditDiff): Edit {
  if (stored !== undefined) return { ...stored, patch, inverse };
  return create(EditSchema, {
    who: source,
    hash,
    ...(atMs === undefined ? {} : { time: timestampFromMs(atMs) }),
    target: target === undefined ? TransformTarget.UNSPECIFIED : TransformTarget[target],
    patch,
    inverse,
  });
}

/** A stored message as protobuf, for a transport that writes it again. */
export function openStored(envelope: Uint8Array, edits: Uint8Array | undefined) {
  const stored: Envelope = fromBinary(EnvelopeSchema, envelope);
  const record: Edits | undefined =
    edits === undefined ? undefined : fromBinary(EditsSchema, edits);
  return {
    envelope: stored,
    payload: record?.payload ?? stored.payload,
    attributes: record?.attributesEdited ? record.attributes : stored.attributes,
    editCount: record?.applied.length ?? 0,
  };
}

export function wirePayload({ body, contentType }: Payload): WirePayload {
  const payload = create(PayloadSchema);
  payload.contentType = contentType;
  if (typeof body === "string") payload.body = { case: "text", value: body };
  else if (body !== undefined) payload.body = { case: "data", value: body };
  return payload;
}

function plainPayload(payload: WirePayload | undefined): Payload {
  return { body: payload?.body.value, contentType: payload?.contentType ?? "" };
}

/** Names of what an edit edits. A missing one is unknown to this version. */
export const EDIT_TARGETS: Readonly<Record<number, Transform["target"]>> = {
  [TransformTarget.PAYLOAD]: "PAYLOAD",
  [TransformTarget.ATTRIBUTES]: "ATTRIBUTES",
};
