import { EDIT_LIMITS } from "../core/transform/editable.ts";
import { MAX_PATCH_BYTES, type Transform, transformProblem } from "../core/transform/transform.ts";
import type { ConfigError } from "./config-error.ts";
import { optional, type Setting, type ValuesOf } from "./setting.ts";
import type { Source } from "./source.ts";
import { choice, text } from "./value-type.ts";

const row = { group: "Queues" } as const;

/** Keys of each entry of `transforms`. */
export const TRANSFORM_SETTINGS = {
  target: optional({
    ...row,
    name: "target",
    type: choice(["payload", "attributes"]),
    doc: "What is edited: the payload, which must be JSON, or the attributes, as an object of texts. Required.",
    example: "payload",
  }),
  jsonPatch: optional({
    ...row,
    name: "json-patch",
    type: text(MAX_PATCH_BYTES),
    doc: "A JSON Patch (RFC 6902). This or merge_patch.",
    example: `'[{"op": "remove", "path": "/debug"}]'`,
  }),
  mergePatch: optional({
    ...row,
    name: "merge-patch",
    type: text(MAX_PATCH_BYTES),
    doc: "A JSON Merge Patch (RFC 7396).",
    example: `'{"debug": null}'`,
  }),
} as const satisfies Record<string, Setting>;

/** For docs: the key that holds them. */
export const TRANSFORMS_DOC = `Edits of messages before they are retried, each once for one message. Up to ${EDIT_LIMITS.transforms} entries; an empty list stops those of \`defaults:\`.`;

/** An entry as it was written. */
export type TransformDraft = Partial<ValuesOf<typeof TRANSFORM_SETTINGS>>;

/** The transform of what was named; an error and undefined when it could never be applied. */
export function completeTransform(
  { target, jsonPatch, mergePatch }: TransformDraft,
  label: string,
  source: Source,
  errors: ConfigError[],
): Transform | undefined {
  const refuse = (key: string, problem: string) => {
    errors.push({ setting: `${label}${key}`, source, problem });
    return undefined;
  };
  if (target === undefined) return refuse(".target", "is missing");
  if ((jsonPatch === undefined) === (mergePatch === undefined)) {
    return refuse("", "has not exactly one of json_patch and merge_patch");
  }
  const transform: Transform = {
    target: target === "payload" ? "PAYLOAD" : "ATTRIBUTES",
    kind: jsonPatch === undefined ? "MERGE_PATCH" : "JSON_PATCH",
    patch: jsonPatch ?? mergePatch ?? "",
  };
  const problem = transformProblem(transform);
  if (problem === undefined) return Object.freeze(transform);
  return refuse(jsonPatch === undefined ? ".merge_patch" : ".json_patch", problem);
}

/** As it would be written. */
export function draftOf({ target, kind, patch }: Transform): TransformDraft {
  return {
    target: target === "PAYLOAD" ? "payload" : "attributes",
    ...(kind === "JSON_PATCH" ? { jsonPatch: patch } : { mergePatch: patch }),
  };
}
