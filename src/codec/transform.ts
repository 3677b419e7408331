import { create } from "@bufbuild/protobuf";
import {
  TransformSchema,
  TransformTarget,
  type Transform as WireTransform,
} from "../../gen/dlq/v1/rule_pb.ts";
import type { Transform } from "../core/transform/transform.ts";

/** Undefined: it lacks a target or a patch. */
export function decodeTransform({ target: number, patch }: WireTransform): Transform | undefined {
  const target = targetOf(number);
  if (target === undefined || patch.case === undefined) return undefined;
  const kind = patch.case === "jsonPatch" ? "JSON_PATCH" : "MERGE_PATCH";
  return { target, kind, patch: patch.value };
}

export function encodeTransform({ target, kind, patch }: Transform): WireTransform {
  const wire = create(TransformSchema);
  wire.target = TransformTarget[target];
  wire.patch = { case: kind === "JSON_PATCH" ? "jsonPatch" : "mergePatch", value: patch };
  return wire;
}

function targetOf(number: TransformTarget): Transform["target"] | undefined {
  if (number === TransformTarget.PAYLOAD) return "PAYLOAD";
  return number === TransformTarget.ATTRIBUTES ? "ATTRIBUTES" : undefined;
}
