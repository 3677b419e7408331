import { createHash } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  EditSchema,
  type Edits,
  EditsSchema,
  type Edit as StoredEdit,
} from "../../../gen/dlq/storage/v1/edits_pb.ts";
import { type Envelope, EnvelopeSchema } from "../../../gen/dlq/storage/v1/envelope_pb.ts";
import { type Payload, PayloadSchema } from "../../../gen/dlq/v1/message_pb.ts";
import { TransformTarget } from "../../../gen/dlq/v1/rule_pb.ts";
import { EDIT_LIMITS, keepLatest } from "../../core/transform/edit-limits.ts";
import type { EditableMessage, TransformLimits } from "../../core/transform/editable.ts";
import { applyTransforms, type Edit, type Transform } from "../../core/transform/transform.ts";
import { cutUtf8, utf8Bytes } from "../../core/utf8.ts";
import type { EditWrite, StoredContent } from "../../store/contract.ts";
import type { MessageContent } from "../commands.ts";
import { valueIn } from "../limiter-keys.ts";
import { editedContent, readEdits } from "./edited-content.ts";

/** A transform and its source, as the record of the edit names it. */
export interface SourcedTransform {
  transform: Transform;
  source: string;
}

export type EditPlan =
  /** All transforms were applied before. */
  | { kind: "unchanged" }
  | { kind: "edit"; write: EditWrite; before: MessageContent; after: MessageContent }
  | { kind: "refuse"; detail: string };

export interface EditContext {
  atMs: number;
  limits: TransformLimits;
  /** Returns the limiter key for edited attributes. */
  limiterKeyOf(attribute: (name: string) => string | undefined): string;
}

/** The stored content that edits start from. */
export type StoredEdits = Pick<StoredContent, "envelope" | "edits">;

/**
 * Applies transforms to a stored message: all or none. Each transform applies once to a message.
 */
export function planEdits(
  stored: StoredEdits,
  transforms: readonly SourcedTransform[],
  context: EditContext,
): EditPlan {
  const record = readEdits(stored.edits);
  const fresh = freshOf(transforms, record?.applied ?? []);
  if (fresh.length === 0) return { kind: "unchanged" };
  if ((record?.applied.length ?? 0) + fresh.length > EDIT_LIMITS.applied) {
    return refuse(
      `the message already has ${EDIT_LIMITS.applied} transforms, the most that are allowed`,
    );
  }
  const before = contentOf(fromBinary(EnvelopeSchema, stored.envelope), record);
  const result = applyTransforms(
    fresh.map(({ transform }) => transform),
    editableOf(before),
    { limits: context.limits, atMs: context.atMs, source: "" },
  );
  if (!result.ok) {
    const { index, refusal } = result;
    return refuse(`transform ${fresh[index]?.index}: ${refusal.kind}: ${refusal.message}`);
  }
  const after = contentAfter(before, result.message);
  const next = recordOf(record, fresh, result.edits, after);
  const edits = toBinary(EditsSchema, next);
  const write: EditWrite = {
    edits,
    payloadBytes: next.payload === undefined ? 0 : payloadBytes(next.payload),
    grown: edits.length - (stored.edits?.length ?? 0),
    ...(touches(fresh, "ATTRIBUTES") ? { limiterKey: limiterKeyAfter(after, context) } : {}),
  };
  return { kind: "edit", write, before, after };
}

interface Fresh extends SourcedTransform {
  /** Index in the given transforms. */
  index: number;
  hash: Uint8Array;
}

/** The transforms that were not yet applied to the message. */
function freshOf(transforms: readonly SourcedTransform[], applied: readonly Uint8Array[]): Fresh[] {
  const seen = new Set(applied.map(hexOf));
  return transforms.flatMap(({ transform, source }, index) => {
    const hash = hashOf(transform);
    if (seen.has(hexOf(hash))) return [];
    seen.add(hexOf(hash));
    return [{ transform, source, index, hash }];
  });
}

function hashOf({ target, kind, patch }: Transform): Uint8Array {
  return createHash("sha256").update(`${target}\n${kind}\n${patch}`).digest().subarray(0, 16);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function refuse(why: string): EditPlan {
  return { kind: "refuse", detail: cutUtf8(why, EDIT_LIMITS.detailBytes) };
}

/** As it would be delivered now. */
function contentOf(envelope: Envelope, record: Edits | undefined): MessageContent {
  const { payload = create(PayloadSchema), attributes } = editedContent(envelope, record);
  return { payload, attributes };
}

function editableOf({ payload, attributes }: MessageContent): EditableMessage {
  return { payload: payload.body.value ?? "", attributes };
}

function contentAfter(before: MessageContent, edited: EditableMessage): MessageContent {
  const payload = create(PayloadSchema);
  payload.contentType = before.payload.contentType;
  payload.body =
    typeof edited.payload === "string"
      ? { case: "text", value: edited.payload }
      : { case: "data", value: edited.payload };
  return { payload, attributes: { ...edited.attributes } };
}

/** Of what no transform has ever touched nothing is stored twice. */
function recordOf(
  before: Edits | undefined,
  fresh: readonly Fresh[],
  edits: readonly Edit[],
  after: MessageContent,
): Edits {
  const record = create(EditsSchema);
  if (before?.payload !== undefined || touches(fresh, "PAYLOAD")) record.payload = after.payload;
  record.attributesEdited = before?.attributesEdited === true || touches(fresh, "ATTRIBUTES");
  if (record.attributesEdited) record.attributes = after.attributes;
  record.applied = [...(before?.applied ?? []), ...fresh.map(({ hash }) => hash)];
  const added = fresh.map((one, index) => diffOf(one, edits[index] as Edit));
  record.edits = keepLatest([...(before?.edits ?? []), ...added]);
  return record;
}

function touches(fresh: readonly Fresh[], target: Transform["target"]): boolean {
  return fresh.some(({ transform }) => transform.target === target);
}

function limiterKeyAfter({ attributes }: MessageContent, { limiterKeyOf }: EditContext): string {
  return limiterKeyOf(valueIn(attributes));
}

function diffOf({ source, hash }: Fresh, { atMs, target, patch, undo }: Edit): StoredEdit {
  const time = timestampFromMs(atMs);
  const inverse = undo ?? "";
  return create(EditSchema, {
    who: source,
    hash,
    patch,
    time,
    target: TransformTarget[target],
    inverse,
  });
}

export function payloadBytes({ body }: Payload): number {
  return typeof body.value === "string" ? utf8Bytes(body.value) : (body.value?.length ?? 0);
}

/** The approximate size on the wire, in bytes. */
export function contentBytes({ payload, attributes }: MessageContent): number {
  let bytes = payloadBytes(payload);
  for (const [key, value] of Object.entries(attributes)) bytes += utf8Bytes(key) + utf8Bytes(value);
  return bytes;
}
