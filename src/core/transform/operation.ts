import {
  isObject,
  type Json,
  type JsonObject,
  memberOf,
  parseJson,
  setMember,
  TransformRefusal,
} from "./json.ts";

/** One operation of a JSON Patch (RFC 6902). */
export type Operation =
  | { op: "add" | "replace" | "test"; path: JsonPointer; value: Json }
  | { op: "remove"; path: JsonPointer }
  | { op: "move" | "copy"; from: JsonPointer; path: JsonPointer };

/** The most operations of a patch. Each may shift a long array, so the number must be bounded. */
export const MAX_OPERATIONS = 256;

/** Reads a JSON Patch; one invalid operation refuses the whole patch. */
export function readOperations(text: string): Operation[] {
  const patch = parsePatch(text);
  if (!Array.isArray(patch)) throw malformed("a JSON Patch is an array of operations");
  if (patch.length > MAX_OPERATIONS) {
    throw malformed(`it has ${patch.length} operations; at most ${MAX_OPERATIONS} are allowed`);
  }
  return patch.map(readOperation);
}

/** Parses the JSON text of a patch of either kind. */
export function parsePatch(text: string): Json {
  try {
    return parseJson(text, "the patch");
  } catch (error) {
    throw error instanceof TransformRefusal ? malformed(error.message) : error;
  }
}

export function formatOperation(operation: Operation): string {
  const path = formatPointer(operation.path);
  if ("from" in operation) {
    return JSON.stringify({ op: operation.op, from: formatPointer(operation.from), path });
  }
  return JSON.stringify({ ...operation, path });
}

function readOperation(given: Json, index: number): Operation {
  if (!isObject(given)) throw malformed(`operation ${index} is not an object`);
  const op = memberOf(given, "op");
  const path = pointerMember(given, "path", index);
  switch (op) {
    case "add":
    case "replace":
    case "test": {
      const value = memberOf(given, "value");
      if (value === undefined) throw malformed(`operation ${index} (${op}) has no value`);
      return { op, path, value };
    }
    case "remove":
      if (path.length === 0) throw malformed(`operation ${index} removes the whole document`);
      return { op, path };
    case "move":
    case "copy": {
      const from = pointerMember(given, "from", index);
      if (op === "move" && isWithin(path, from)) {
        throw malformed(`operation ${index} moves a value into itself`);
      }
      return { op, from, path };
    }
    default:
      throw malformed(
        `operation ${index}: op must be add, remove, replace, move, copy or test, not ${JSON.stringify(op)}`,
      );
  }
}

function pointerMember(given: JsonObject, name: "path" | "from", index: number): JsonPointer {
  const text = memberOf(given, name);
  if (typeof text !== "string") throw malformed(`operation ${index} has no ${name}`);
  return parsePointer(text);
}

function malformed(message: string): TransformRefusal {
  return new TransformRefusal("PATCH_INVALID", message);
}

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

/**
 * Turns a JSON Merge Patch (RFC 7396) into operations of a JSON Patch, so that both kinds are
 * applied, recorded and undone alike.
 */
export function mergeOperations(document: Json, patch: Json): Operation[] {
  const operations: Operation[] = [];
  if (isObject(patch) && isObject(document)) collect(document, patch, [], operations);
  else operations.push({ op: "replace", path: [], value: merged(patch) });
  return operations;
}

function collect(target: JsonObject, patch: JsonObject, at: JsonPointer, into: Operation[]): void {
  for (const [key, value] of Object.entries(patch)) {
    const path = [...at, key];
    const present = memberOf(target, key);
    if (value === null) {
      if (present !== undefined) into.push({ op: "remove", path });
    } else if (isObject(present) && isObject(value)) {
      collect(present, value, path, into);
    } else {
      into.push({ op: present === undefined ? "add" : "replace", path, value: merged(value) });
    }
  }
}

/** The patch merged into nothing: without its null members. */
function merged(patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(patch)) {
    if (value !== null) setMember(result, key, merged(value));
  }
  return result;
}
