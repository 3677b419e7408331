import type { Transform as WireTransform } from "../../../gen/dlq/v1/rule_pb.ts";
import { decodeTransform } from "../../codec/transform.ts";
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
  wire: WireTransform,
): Transform | undefined {
  const transform = decodeTransform(wire);
  if (transform === undefined) {
    if (wire.patch.case === undefined)
      v.add(field, "has neither json_patch nor merge_patch; set one of them");
    else v.add(`${field}.target`, "must be PAYLOAD or ATTRIBUTES");
    return undefined;
  }
  const problem = transformProblem(transform);
  if (problem === undefined) return transform;
  v.add(`${field}.${transform.kind.toLowerCase()}`, problem);
  return undefined;
}
