import { isObject, type Json, type JsonObject, memberOf, parseJson } from "./json.ts";
import { formatPointer, isWithin, type JsonPointer, parsePointer } from "./json-pointer.ts";
import { TransformRefusal } from "./refusal.ts";

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
