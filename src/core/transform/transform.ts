import { exceedsUtf8 } from "../utf8.ts";
import { JsonDocument, ShiftRoom } from "./document.ts";
import {
  attributesOf,
  type EditableMessage,
  payloadOf,
  readAttributes,
  type TransformLimits,
  writePayload,
} from "./editable.ts";
import { type Json, NESTED_TOO_DEEPLY, TransformRefusal } from "./json.ts";
import {
  formatOperation,
  mergeOperations,
  type Operation,
  parsePatch,
  readOperations,
} from "./operation.ts";

export type TransformTarget = "PAYLOAD" | "ATTRIBUTES";

/** An edit of a message: a JSON Patch (RFC 6902) or a JSON Merge Patch (RFC 7396). */
export interface Transform {
  target: TransformTarget;
  kind: "JSON_PATCH" | "MERGE_PATCH";
  /** JSON text, at most `MAX_PATCH_BYTES`. */
  patch: string;
}

export const MAX_PATCH_BYTES = 64 * 1024;

/** The largest inverse patch that is stored. The original message is always stored. */
export const MAX_UNDO_BYTES = 64 * 1024;

/** The longest recorded patch, in characters. */
const MAX_RECORD_LENGTH = 2 * MAX_PATCH_BYTES;

/** The record of one edit. */
export interface Edit {
  /** On whose behalf, e.g. `rule dates`, `queue orders` or `Retry`. */
  source: string;
  atMs: number;
  target: TransformTarget;
  /** The change, as a JSON Patch. A merge patch is stored as the operations that it led to. */
  patch: string;
  /** The inverse JSON Patch; undefined if it would exceed `MAX_UNDO_BYTES`. */
  undo: string | undefined;
}

export type TransformResult =
  | { ok: true; message: EditableMessage; edits: Edit[] }
  /** `index` is that of the refused transform. None was applied. */
  | { ok: false; index: number; refusal: TransformRefusal };

/**
 * Applies transforms in order, all or none. Does not change the given message. The result is
 * checked against the limits after the last transform: each check costs as much as parsing.
 */
export function applyTransforms(
  transforms: readonly Transform[],
  given: EditableMessage,
  context: { source: string; atMs: number; limits: TransformLimits },
): TransformResult {
  const { source, atMs, limits } = context;
  const documents = new Map<TransformTarget, Json>();
  const edits: Edit[] = [];
  const shifts = new ShiftRoom();
  let index = 0;
  try {
    for (const transform of transforms) {
      const { target } = transform;
      let document = documents.get(target);
      if (document === undefined) document = readPart(given, target);
      const { after, patch, undo } = edit(transform, document, limits, shifts);
      documents.set(target, after);
      edits.push({ source, atMs, target, patch, undo });
      index++;
    }
    index = Math.max(0, transforms.length - 1);
    return { ok: true, message: withParts(given, documents, limits), edits };
  } catch (error) {
    return { ok: false, index, refusal: refusalOf(error) };
  }
}

function readPart(message: EditableMessage, target: TransformTarget): Json {
  return target === "PAYLOAD" ? payloadOf(message) : attributesOf(message);
}

function withParts(
  given: EditableMessage,
  documents: ReadonlyMap<TransformTarget, Json>,
  limits: TransformLimits,
): EditableMessage {
  const message = { ...given };
  for (const [target, document] of documents) {
    if (target === "PAYLOAD") message.payload = writePayload(document, given.payload, limits);
    else message.attributes = readAttributes(document, limits);
  }
  return message;
}

/** Returns why a transform would fail on any message; undefined if it is valid. */
export function transformProblem(transform: Transform): string | undefined {
  try {
    readTransform(transform);
    return undefined;
  } catch (error) {
    return refusalOf(error).message;
  }
}

/** Returns the operations of a patch. Those of a merge patch depend on the document. */
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

/** Applies a transform to a document, which it may change in place. */
function edit(
  transform: Transform,
  before: Json,
  limits: TransformLimits,
  shifts: ShiftRoom,
): { after: Json; patch: string; undo: string | undefined } {
  const operations = readTransform(transform)(before);
  // Recorded before they are applied: added values become part of the document and change with it.
  const patch = recordOf(operations);
  const document = new JsonDocument(before, {
    undoBytes: MAX_UNDO_BYTES,
    copyBytes: limits.payloadBytes,
    shifts,
  });
  for (const operation of operations) document.apply(operation);
  return { after: document.root, patch, undo: document.undo };
}

/** The record of a merge patch can be longer than the patch: each operation has its full path. */
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
        "the merge patch changes too much; replace the whole value instead",
      );
    }
  }
  return `[${texts.join(",")}]`;
}

function refusalOf(error: unknown): TransformRefusal {
  if (error instanceof TransformRefusal) return error;
  // Recursion over a value that operations have nested too deeply.
  if (error instanceof RangeError) {
    return new TransformRefusal("TOO_LARGE", NESTED_TOO_DEEPLY);
  }
  throw error;
}
