import { create } from "@bufbuild/protobuf";
import {
  TransformSchema,
  TransformTarget,
  type Transform as WireTransform,
} from "../../../gen/dlq/v1/rule_pb.ts";
import { EDIT_LIMITS } from "../../core/transform/editable.ts";
import { type Transform, transformProblem } from "../../core/transform/transform.ts";
import type { Violations } from "./violations.ts";

/** `field` is the path of the list. */
export function readTransforms(
  v: Violations,
  field: string,
  transforms: readonly WireTransform[],
): Transform[] {
  const most = EDIT_LIMITS.transforms;
  if (transforms.length > most) {
    v.add(field, `has ${transforms.length} entries; at most ${most} are allowed`);
    return [];
  }
  return transforms.flatMap((one, index) => readTransform(v, `${field}[${index}]`, one) ?? []);
}

/** Returns undefined if it was refused because it would fail on any message. */
export function readTransform(
  v: Violations,
  field: string,
  { target: number, patch }: WireTransform,
): Transform | undefined {
  const target = targetOf(number);
  if (target === undefined) v.add(`${field}.target`, "must be PAYLOAD or ATTRIBUTES");
  if (patch.case === undefined) {
    v.add(field, "has neither json_patch nor merge_patch; set one of them");
    return undefined;
  }
  if (target === undefined) return undefined;
  const kind = patch.case === "jsonPatch" ? "JSON_PATCH" : "MERGE_PATCH";
  const transform: Transform = { target, kind, patch: patch.value };
  const problem = transformProblem(transform);
  if (problem === undefined) return transform;
  v.add(`${field}.${kind.toLowerCase()}`, problem);
  return undefined;
}

export function writeTransform({ target, kind, patch }: Transform): WireTransform {
  const wire = create(TransformSchema);
  wire.target = TransformTarget[target];
  wire.patch = { case: kind === "JSON_PATCH" ? "jsonPatch" : "mergePatch", value: patch };
  return wire;
}

function targetOf(number: TransformTarget): Transform["target"] | undefined {
  if (number === TransformTarget.PAYLOAD) return "PAYLOAD";
  return number === TransformTarget.ATTRIBUTES ? "ATTRIBUTES" : undefined;
}
