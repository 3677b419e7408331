// The JSON of payloads.

import { safeRead, safeText } from "./safe-read.ts";

/** The key of a delivery and its payload to themselves. A copy with spread syntax has it, too. */
export const ORIGINAL: unique symbol = Symbol.for("dlq-client.original");

/** Returns what a value is, or is a copy of: a delivery, or the payload of one; otherwise undefined. */
export const originalOf = (value: unknown): unknown => safeRead(value, ORIGINAL);

/**
 * Returns a value as JSON. What JSON.stringify refuses, or writes without its content, is converted: a Map to an
 * object, a Set to a list, a BigInt to text, an Error to its name, message and fields. Undefined is null.
 *
 * @throws TypeError for a value whose content is not in its fields, such as a promise or a stream
 */
export function jsonText(value: unknown): string {
  if (value === undefined) return "null";
  const json = JSON.stringify(value, isPlain(value) ? undefined : converted);
  if (json === undefined) throw new TypeError(`the payload is a ${typeof value}; send a value`);
  if (json === "{}" && !mayBeEmpty(value)) throw unreadable("payload", value);
  return json;
}

/** Reports whether nothing has to be converted. This check costs less than `converted`. */
function isPlain(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) {
    return typeof value !== "bigint" && typeof value !== "function";
  }
  if (depth > MAX_DEPTH) return false; // maybe a cycle
  if (Array.isArray(value)) return value.every((one) => isPlain(one, depth + 1));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  if (ORIGINAL in value || Symbol.asyncIterator in value) return false;
  for (const key in value) {
    if (!isPlain((value as Record<string, unknown>)[key], depth + 1)) return false;
  }
  return true;
}

const MAX_DEPTH = 64;

/** A replacer for JSON.stringify, which gives it the result of a `toJSON`. */
function converted(this: unknown, key: string, value: unknown): unknown {
  const where = key === "" ? "payload" : `field ${key} of the payload`;
  const given = safeRead(this, key);
  const original = originalOf(given);
  if (original !== undefined && original !== given) {
    throw new TypeError(`the ${where} is a copy of a delivery; send the delivery or its content`);
  }
  if (typeof safeRead(given, "then") === "function") {
    throw new TypeError(`the ${where} is a promise; await it`);
  }
  if (isStream(given)) {
    throw new TypeError(`the ${where} is a stream; read it and send its content`);
  }
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  if (value instanceof Error) {
    return Object.assign({ name: value.name, message: value.message }, value);
  }
  // Objects of a program's classes may have no fields.
  const isForeign = Object.prototype.toString.call(value) !== "[object Object]";
  const hasFields = Array.isArray(value) || Object.keys(value).length > 0;
  if (isForeign && !hasFields) throw unreadable(where, value);
  return value;
}

function unreadable(where: string, value: unknown): TypeError {
  const type = safeText(safeRead(value, "constructor"), "name") || "object";
  return new TypeError(`the ${where} is a ${type}, which JSON cannot hold; send its content`);
}

function mayBeEmpty(value: unknown): boolean {
  if (value instanceof Map) return true;
  const type = safeText(safeRead(value, "constructor"), "name");
  return type === "Object" || type === ""; // also of another realm, or without a prototype
}

function isStream(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Symbol.asyncIterator in value || typeof safeRead(value, "getReader") === "function";
}
