import { exceedsUtf8 } from "../utf8.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  nestsTooDeeply,
  parseJson,
  setMember,
} from "./json.ts";
import { NESTED_TOO_DEEPLY, TransformRefusal } from "./refusal.ts";

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
