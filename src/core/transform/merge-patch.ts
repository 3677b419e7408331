import { isObject, type Json, type JsonObject, memberOf, setMember } from "./json.ts";
import type { JsonPointer } from "./json-pointer.ts";
import type { Operation } from "./operation.ts";

/**
 * What a JSON Merge Patch (RFC 7396) does to a document, as operations of a JSON Patch: both kinds
 * are then applied, recorded and undone in one way.
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

/** A patch merged into nothing: itself, without the members that only say "remove". */
function merged(patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(patch)) {
    if (value !== null) setMember(result, key, merged(value));
  }
  return result;
}
