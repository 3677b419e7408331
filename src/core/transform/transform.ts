import { exceedsUtf8 } from "../utf8.ts";
import { JsonDocument } from "./document.ts";
import {
  attributesOf,
  type EditableMessage,
  payloadOf,
  readAttributes,
  type TransformLimits,
  writePayload,
} from "./editable.ts";
import type { Json } from "./json.ts";
import { mergeOperations } from "./merge-patch.ts";
import { formatOperation, type Operation, parsePatch, readOperations } from "./operation.ts";
import { NESTED_TOO_DEEPLY, TransformRefusal } from "./refusal.ts";

export type TransformTarget = "PAYLOAD" | "ATTRIBUTES";

/** An edit of a message: a JSON Patch (RFC 6902) or a JSON Merge Patch (RFC 7396). */
export interface Transform {
  target: TransformTarget;
  kind: "JSON_PATCH" | "MERGE_PATCH";
  /** JSON text, at most `MAX_PATCH_BYTES`. */
  patch: string;
}

export const MAX_PATCH_BYTES = 64 * 1024;

/** What undoes an edit is kept up to this size; the original message is kept whatever it is. */
export const MAX_UNDO_BYTES = 64 * 1024;

/** Characters of the record of what an edit did. */
const MAX_RECORD_LENGTH = 2 * MAX_PATCH_BYTES;

/** The record of one edit. */
export interface Edit {
  who: string;
  atMs: number;
  target: TransformTarget;
  /** What was done, as a JSON Patch; a merge patch becomes the operations that it came down to. */
  patch: string;
  /** A JSON Patch that undoes it; undefined when it would exceed `MAX_UNDO_BYTES`. */
  undo: string | undefined;
}

export type TransformResult =
  | { ok: true; message: EditableMessage; edits: Edit[] }
  /** `index`: of the transform that was refused. None of them was applied. */
  | { ok: false; index: number; refusal: TransformRefusal };

/** Applies transforms one after another, all or none. The message that is given stays as it is. */
export function applyTransforms(
  transforms: readonly Transform[],
  given: EditableMessage,
  context: { who: string; atMs: number; limits: TransformLimits },
): TransformResult {
  const { who, atMs, limits } = context;
  let message = given;
  const edits: Edit[] = [];
  for (const [index, transform] of transforms.entries()) {
    try {
      const edited = edit(transform, message, limits);
      message = edited.message;
      edits.push({ who, atMs, target: transform.target, patch: edited.patch, undo: edited.undo });
    } catch (error) {
      return { ok: false, index, refusal: refusalOf(error) };
    }
  }
  return { ok: true, message, edits };
}

/** What is wrong with a transform whatever the message; undefined when nothing is. */
export function transformProblem(transform: Transform): string | undefined {
  try {
    readTransform(transform);
    return undefined;
  } catch (error) {
    return refusalOf(error).message;
  }
}

/** The operations of a patch on a document; those of a merge patch depend on it. */
function readTransform({ kind, patch }: Transform): (document: Json) => Operation[] {
  if (exceedsUtf8(patch, MAX_PATCH_BYTES)) {
    throw new TransformRefusal("PATCH_INVALID", `it exceeds ${MAX_PATCH_BYTES} bytes`);
  }
  if (kind === "JSON_PATCH") {
    const operations = readOperations(patch);
    return () => operations;
  }
  const merge = parsePatch(patch);
  return (document) => mergeOperations(document, merge);
}

function edit(
  transform: Transform,
  message: EditableMessage,
  limits: TransformLimits,
): { message: EditableMessage; patch: string; undo: string | undefined } {
  const operationsOn = readTransform(transform);
  const before = transform.target === "PAYLOAD" ? payloadOf(message) : attributesOf(message);
  const operations = operationsOn(before);
  // Before they are applied: values that they add become part of the document, and change with it.
  const patch = recordOf(operations);
  const document = new JsonDocument(before, {
    undoBytes: MAX_UNDO_BYTES,
    copyBytes: limits.payloadBytes,
  });
  for (const operation of operations) document.apply(operation);
  const edited =
    transform.target === "PAYLOAD"
      ? { ...message, payload: writePayload(document.root, message.payload, limits) }
      : { ...message, attributes: readAttributes(document.root, limits) };
  return { message: edited, patch, undo: document.undo };
}

/** Of a merge patch it can be longer than the patch: each operation has its whole path. */
function recordOf(operations: readonly Operation[]): string {
  const texts: string[] = [];
  let length = 0;
  for (const operation of operations) {
    const text = formatOperation(operation);
    texts.push(text);
    length += text.length;
    if (length > MAX_RECORD_LENGTH) {
      throw new TransformRefusal(
        "TOO_LARGE",
        "the merge patch changes too much; replace the whole",
      );
    }
  }
  return `[${texts.join(",")}]`;
}

function refusalOf(error: unknown): TransformRefusal {
  if (error instanceof TransformRefusal) return error;
  // Recursion over a value that a patch has nested too deeply, one level an operation.
  if (error instanceof RangeError) {
    return new TransformRefusal("TOO_LARGE", NESTED_TOO_DEEPLY);
  }
  throw error;
}
