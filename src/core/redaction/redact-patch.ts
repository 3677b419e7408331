import { isObject, type Json, memberOf, parseJson } from "../transform/json.ts";
import { type JsonPointer, parsePointer } from "../transform/operation.ts";
import { WHOLE_PAYLOAD } from "./entry.ts";
import { REDACTED } from "./hidden-values.ts";
import { isIndex, type PathNode, placeInPatch, withoutIndexes } from "./path-tree.ts";
import { type Findings, hideValue, isDocument, redactValue } from "./redact-json.ts";
import { type RedactionBudget, withinBudget } from "./redaction-budget.ts";

/**
 * Replaces the values at the paths of a tree in a JSON Patch of that document. A text that is no JSON Patch, or has too many
 * such values, becomes the marker as a whole.
 */
export function redactPatch(patch: string, root: PathNode, findings: Findings): string {
  if (patch === "" || root.isEmpty) return patch;
  const operations = operationsOf(patch);
  const shown =
    operations &&
    withinBudget((budget) => {
      const redactAt = redactorOf(root, findings, budget);
      return `[${operations.map((one) => redactOperation(one, redactAt)).join(",")}]`;
    });
  if (shown !== undefined) return shown;
  findings.values.giveUp();
  return REDACTED;
}

type RedactAt = (text: string, path: JsonPointer) => string;

function redactOperation({ members, path }: PatchOperation, redactAt: RedactAt): string {
  const parts = Object.entries(members).map(([name, value]) => {
    const text = JSON.stringify(value);
    return `${JSON.stringify(name)}:${name === "value" ? redactAt(text, path) : text}`;
  });
  return `{${parts.join(",")}}`;
}

/** Redacts values that a patch puts at a path. */
function redactorOf(root: PathNode, findings: Findings, budget: RedactionBudget): RedactAt {
  return (text, path) => {
    const { entry, nodes } = placeInPatch(root, path);
    if (entry !== undefined) return hideValue(text, entry, findings);
    if (path.length === 0 && !isDocument(text)) return hideValue(text, WHOLE_PAYLOAD, findings);
    return redactValue(text, nodes, findings, budget);
  };
}

/**
 * Adds to a tree where the `move` and `copy` operations of a patch put values that the tree hides. A value that is moved within an array is hidden at every index.
 */
export function followMoves(patch: string, root: PathNode): void {
  for (const { members, path } of operationsOf(patch) ?? []) {
    const from = memberOf(members, "from");
    if (typeof from !== "string") continue;
    const { entry, nodes } = placeInPatch(root, parsePointer(from));
    const first = entry ?? nodes[0]?.firstEntry;
    if (first === undefined) continue;
    root.add(withoutIndexes(path), first);
  }
}

/**
 * Whether a patch may put elements that a tree hides by their index at another one. True if that is not known, because the
 * patch is empty or no JSON Patch.
 */
export function mayShiftElements(patch: string, root: PathNode): boolean {
  const operations = operationsOf(patch);
  if (operations === undefined) return true;
  return operations.some(({ members, path }) => {
    const op = memberOf(members, "op");
    if (op === "test") return false;
    const from = memberOf(members, "from");
    const places = typeof from === "string" ? [path, parsePointer(from)] : [path];
    return places.some(
      (place) =>
        (op !== "replace" && isIndex(place.at(-1))) ||
        placeInPatch(root, place).nodes.some((node) => node.hasIndexBelow),
    );
  });
}

interface PatchOperation {
  members: { readonly [name: string]: Json };
  path: JsonPointer;
}

/** Undefined if the text is no JSON Patch. */
function operationsOf(patch: string): PatchOperation[] | undefined {
  try {
    const operations = parseJson(patch, "the patch");
    if (!Array.isArray(operations)) return undefined;
    return operations.map((members) => {
      const path = isObject(members) ? memberOf(members, "path") : undefined;
      if (!isObject(members) || typeof path !== "string") throw new TypeError("no operation");
      return { members, path: parsePointer(path) };
    });
  } catch {
    return undefined;
  }
}
