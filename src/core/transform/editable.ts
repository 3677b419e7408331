import { LIMITS } from "../settings.ts";
import { exceedsUtf8, utf8Bytes } from "../utf8.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  NESTED_TOO_DEEPLY,
  nestsTooDeeply,
  parseJson,
  setMember,
  TransformRefusal,
} from "./json.ts";

export interface TransformLimits {
  payloadBytes: number;
  attributes: { count: number; keyBytes: number; valueBytes: number };
}

/** The parts of a message that can be edited. Bytes remain bytes, text remains text. */
export interface EditableMessage {
  payload: string | Uint8Array;
  attributes: Readonly<Record<string, string>>;
}

export function payloadOf({ payload }: EditableMessage): Json {
  if (typeof payload === "string") return parseJson(payload, "the payload");
  try {
    return parseJson(STRICT_UTF8.decode(payload), "the payload");
  } catch (error) {
    if (error instanceof TransformRefusal) throw error;
    throw new TransformRefusal("NOT_JSON", "the payload is not UTF-8 text");
  }
}

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function attributesOf({ attributes }: EditableMessage): JsonObject {
  const object: JsonObject = {};
  for (const [key, value] of Object.entries(attributes)) setMember(object, key, value);
  return object;
}

export function writePayload(
  document: Json,
  original: string | Uint8Array,
  { payloadBytes }: TransformLimits,
): string | Uint8Array {
  const text = JSON.stringify(document);
  if (exceedsUtf8(text, payloadBytes)) {
    throw new TransformRefusal("TOO_LARGE", `the payload would exceed ${payloadBytes} bytes`);
  }
  if (nestsTooDeeply(text)) throw new TransformRefusal("TOO_LARGE", NESTED_TOO_DEEPLY);
  return typeof original === "string" ? text : new TextEncoder().encode(text);
}

export function readAttributes(
  document: Json,
  { attributes: limits }: TransformLimits,
): Record<string, string> {
  const refuse = (message: string) => new TransformRefusal("ATTRIBUTES_INVALID", message);
  if (!isObject(document)) throw refuse("the attributes would no longer be an object");
  const entries = Object.entries(document);
  if (entries.length > limits.count) throw refuse(`there would be more than ${limits.count}`);
  for (const [key, value] of entries) {
    const name = JSON.stringify(key.slice(0, 128));
    if (typeof value !== "string") throw refuse(`${name} would not be a string`);
    if (key === "" || exceedsUtf8(key, limits.keyBytes)) {
      throw refuse(`the name ${name} must have 1 to ${limits.keyBytes} bytes`);
    }
    if (exceedsUtf8(value, limits.valueBytes)) {
      throw refuse(`${name} would exceed ${limits.valueBytes} bytes`);
    }
  }
  return document as Record<string, string>;
}

export const EDIT_LIMITS = {
  /** Transforms of one retry, one rule or one queue. */
  transforms: 10,
  /** Transforms that one message may ever get. The hash of each is stored. */
  applied: 256,
  /** Diffs that are stored for one message, latest first, and their total size. */
  diffs: 32,
  diffBytes: 64 * 1024,
  /** Total payload that one call may edit: each MiB blocks other calls for at least 20 ms. */
  callBytes: 16 * 1024 * 1024,
  /** The text that explains why a message cannot be edited. */
  detailBytes: 240,
} as const;

export function transformLimits(
  payloadBytes: number = LIMITS.payloadDefaultBytes,
): TransformLimits {
  const {
    attributes: count,
    attributeKeyBytes: keyBytes,
    attributeValueBytes: valueBytes,
  } = LIMITS;
  return { payloadBytes, attributes: { count, keyBytes, valueBytes } };
}

/** What one edit changed, and its inverse. Empty: not stored. */
interface Diff {
  patch: string;
  inverse: string;
}

/**
 * Returns the latest diffs that fit. If a single diff is too long, its inverse is dropped, then its
 * patch; the original message and the result are always stored.
 */
export function keepLatest<Kept extends Diff>(diffs: readonly Kept[]): Kept[] {
  const kept: Kept[] = [];
  let room: number = EDIT_LIMITS.diffBytes;
  for (const diff of diffs.slice(-EDIT_LIMITS.diffs).toReversed()) {
    const shorter = kept.length === 0 ? shortened(diff) : diff;
    room -= sizeOf(shorter);
    if (room < 0) break;
    kept.unshift(shorter);
  }
  return kept;
}

function shortened<Kept extends Diff>(diff: Kept): Kept {
  if (sizeOf(diff) <= EDIT_LIMITS.diffBytes) return diff;
  const alone = { ...diff, inverse: "" };
  return sizeOf(alone) <= EDIT_LIMITS.diffBytes ? alone : { ...alone, patch: "" };
}

function sizeOf({ patch, inverse }: Diff): number {
  return utf8Bytes(patch) + utf8Bytes(inverse);
}
