import { equals } from "@bufbuild/protobuf";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { ExportedMessage } from "../../../gen/dlq/v1/exported_message_pb.ts";
import { type Message, type Payload, PayloadSchema } from "../../../gen/dlq/v1/message_pb.ts";
import type { StoredMessage } from "../../../gen/dlq/v1/stored_message_pb.ts";
import type { MessageToImport } from "../../app/messages/import-messages.ts";
import { EDIT_TARGETS, encodeEdits } from "../../codec/message.ts";
import { valueIn } from "../../core/delivery-settings.ts";
import { EDIT_LIMITS } from "../../core/transform/editable.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { checkPayload } from "./send.ts";
import { readTimestampMs } from "./time.ts";
import { checkCount, checkMap, checkText, type Violations } from "./violations.ts";

interface ImportedEdits {
  stored: MessageToImport["item"]["edits"];
  /** The message after its edits. */
  content: Pick<MessageToImport["content"], "attribute" | "payload">;
}

/** Reads the edits of an exported message. Undefined: it was never edited. */
export function readEdits(
  v: Violations,
  exported: ExportedMessage,
  { original, edits }: StoredMessage,
  { payload, attributes }: Message,
  payloadMaxBytes: number,
): ImportedEdits | undefined {
  if (original === undefined) {
    if (edits.length > 0) v.add("stored.original", "is required with edits");
    return undefined;
  }
  const { appliedTransforms, editHashes } = exported;
  checkCount(v, "applied_transforms", appliedTransforms.length, 0, EDIT_LIMITS.applied);
  checkCount(v, "stored.edits", edits.length, 0, EDIT_LIMITS.diffs);
  if (editHashes.length !== edits.length)
    v.add("edit_hashes", `has ${editHashes.length} entries for ${edits.length} edits`);
  checkHashes(v, "applied_transforms", appliedTransforms);
  checkHashes(v, "edit_hashes", editHashes);
  for (const { source, patch, inverse, target } of edits) {
    if (EDIT_TARGETS[target] === undefined)
      v.add("stored.edits", `has the target ${target}, which is unknown to this server`);
    checkText(v, "stored.edits", source, SOURCE_BYTES);
    checkText(v, "stored.edits", `${patch}${inverse}`, EDIT_LIMITS.diffBytes);
  }
  const payloadBytes = checkPayload(v, payload, payloadMaxBytes, "stored.message.payload");
  checkMap(v, "stored.message.attributes", attributes, WIRE_LIMITS.attributes);
  const isSame = original.payload && payload && equals(PayloadSchema, original.payload, payload);
  const record = encodeEdits({
    payload: isSame || payload === undefined ? undefined : plain(payload),
    attributes: isSameMap(original.attributes, attributes) ? undefined : attributes,
    applied: appliedTransforms,
    diffs: edits.map(({ source, time, target, patch, inverse }, index) => ({
      ...{ source, patch, inverse },
      hash: editHashes[index] ?? new Uint8Array(),
      atMs: readTime(v, time),
      target: EDIT_TARGETS[target],
    })),
  });
  return {
    stored: { record, payloadBytes: isSame ? 0 : payloadBytes },
    content: { attribute: valueIn(attributes), payload: () => payload?.body.value },
  };
}

/** More than the hashes and the sources of any version have. */
const [HASH_BYTES, SOURCE_BYTES] = [64, 512];

function checkHashes(v: Violations, field: string, hashes: readonly Uint8Array[]): void {
  const long = hashes.find(({ length }) => length > HASH_BYTES);
  if (long !== undefined)
    v.add(field, `has a hash of ${long.length} bytes; at most ${HASH_BYTES} are allowed`);
}

function isSameMap(a: Record<string, string>, b: Record<string, string>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

function plain({ body, contentType }: Payload) {
  return { body: body.value, contentType };
}

function readTime(v: Violations, time: Timestamp | undefined): number | undefined {
  if (time === undefined) return undefined;
  const atMs = readTimestampMs(v, "stored.edits", time, Number.POSITIVE_INFINITY, "");
  if (atMs !== undefined && atMs < 0) v.add("stored.edits", "has a time before 1970");
  return atMs === undefined ? undefined : timestampMs(time);
}
