// The JSON of payloads.

import { safeRead, safeText } from "./safe-read.ts";

/**
 * Returns a value as JSON. What JSON.stringify refuses, or writes as `{}`, is converted: a Map to an
 * object, a Set to a list, a BigInt to text, an Error to its name and message. Undefined is null.
 *
 * @throws TypeError for a value whose content is not in its fields, such as a promise or a stream
 */
export function jsonText(value: unknown): string {
  if (value === undefined) return "null";
  if (typeof safeRead(value, "then") === "function") {
    throw new TypeError("the payload is a promise; await it");
  }
  if (isStream(value)) throw new TypeError("the payload is a stream; read it and send its content");
  const json = plainJson(value) ?? JSON.stringify(value, converted);
  if (json === undefined) throw new TypeError(`the payload is a ${typeof value}; send a value`);
  if (json === "{}" && !isPlain(value)) throw unreadable("payload", value);
  return json;
}

/** Undefined if something has to be converted. */
function plainJson(value: unknown): string | undefined {
  try {
    const json = JSON.stringify(value);
    return json?.includes("{}") ? undefined : json;
  } catch {
    return undefined; // for instance because of a BigInt
  }
}

function converted(key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  if (value instanceof Error) {
    return { name: value.name, message: value.message };
  }
  // Objects of a program's classes may have no fields.
  const isForeign = Object.prototype.toString.call(value) !== "[object Object]";
  const hasFields = Array.isArray(value) || Object.keys(value).length > 0;
  if (isForeign && !hasFields) throw unreadable(`field ${key} of the payload`, value);
  return value;
}

function unreadable(where: string, value: unknown): TypeError {
  const type = safeText(safeRead(value, "constructor"), "name") || "object";
  return new TypeError(`the ${where} is a ${type}, which JSON cannot hold; send its content`);
}

function isPlain(value: unknown): boolean {
  if (value instanceof Map) return true; // an empty one
  const type = safeText(safeRead(value, "constructor"), "name");
  return type === "Object" || type === ""; // also of another realm, or without a prototype
}

function isStream(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Symbol.asyncIterator in value || typeof safeRead(value, "getReader") === "function";
}
