import { isObject, type Json, memberOf } from "./json.ts";
import { TransformRefusal } from "./refusal.ts";

/** RFC 6901: the names on the way from the document's root; none is the document itself. */
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

/** The value at a place; undefined where there is none. */
export function valueAt(document: Json, pointer: JsonPointer): Json | undefined {
  let value: Json | undefined = document;
  for (const token of pointer) {
    if (Array.isArray(value)) value = value[arrayIndex(token) ?? -1];
    else if (isObject(value)) value = memberOf(value, token);
    else return undefined;
  }
  return value;
}

/** Digits without leading zeros; anything else is no index. */
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
