import { isObject, type Json, memberOf } from "./json.ts";
import { TransformRefusal } from "./refusal.ts";

/** The parsed tokens of an RFC 6901 pointer. Empty: the whole document. */
export type JsonPointer = readonly string[];

export function parsePointer(text: string): JsonPointer {
  if (text === "") return [];
  if (!text.startsWith("/")) throw invalidPointer(text, "must be empty or begin with /");
  if (/~(?![01])/.test(text)) throw invalidPointer(text, "has a ~ that is neither ~0 nor ~1");
  return text
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

export function formatPointer(pointer: JsonPointer): string {
  return pointer.map((token) => `/${token.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Returns the value at the pointer; undefined if there is none. */
export function valueAt(document: Json, pointer: JsonPointer): Json | undefined {
  let value: Json | undefined = document;
  for (const token of pointer) {
    if (Array.isArray(value)) value = value[arrayIndex(token) ?? -1];
    else if (isObject(value)) value = memberOf(value, token);
    else return undefined;
  }
  return value;
}

/** Parses an index: digits without leading zeros; undefined for other text. */
export function arrayIndex(token: string): number | undefined {
  return /^(?:0|[1-9]\d{0,9})$/.test(token) ? Number(token) : undefined;
}

export function isWithin(pointer: JsonPointer, ancestor: JsonPointer): boolean {
  return (
    pointer.length > ancestor.length && ancestor.every((token, index) => token === pointer[index])
  );
}

function invalidPointer(text: string, why: string): TransformRefusal {
  return new TransformRefusal("PATCH_INVALID", `the path ${JSON.stringify(text)} ${why}`);
}
