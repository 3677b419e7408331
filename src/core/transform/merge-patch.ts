import { isObject, type Json, type JsonObject, memberOf, setMember } from "./json.ts";
import type { JsonPointer } from "./json-pointer.ts";
import type { Operation } from "./operation.ts";

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
