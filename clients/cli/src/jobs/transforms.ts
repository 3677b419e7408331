import { create } from "@bufbuild/protobuf";
import {
  type Transform,
  TransformSchema,
  TransformTarget,
} from "../../../../gen/dlq/v1/rule_pb.ts";
import { usageError } from "../errors.ts";
import type { Run } from "../run.ts";
import { readText } from "../values/json-file.ts";

/** Options that edit messages. */
export interface PatchOptions {
  readonly patch?: readonly string[];
  readonly merge?: true;
  readonly attributes?: true;
}

/** Returns the edits in the order of the options. @throws {CliError} if there are none, and for what is no patch */
export async function transformsOf(
  run: Run,
  { patch = [], merge, attributes }: PatchOptions,
): Promise<Transform[]> {
  if (patch.length === 0) throw usageError("--patch is missing", "see --help");
  const target = attributes === true ? TransformTarget.ATTRIBUTES : TransformTarget.PAYLOAD;
  const transforms: Transform[] = [];
  for (const text of patch) {
    const isJson = /^\s*[[{]/.test(text);
    const value = isJson ? text : await readText(run, text);
    checkPatch(value, isJson ? "--patch" : text, merge === true);
    transforms.push(
      create(TransformSchema, {
        target,
        patch: { case: merge === true ? "mergePatch" : "jsonPatch", value },
      }),
    );
  }
  return transforms;
}

/** @param source names the patch in errors */
function checkPatch(text: string, source: string, isMerge: boolean): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw usageError(`${source} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (isMerge || Array.isArray(value)) return;
  throw usageError(
    `${source} is no JSON Patch, which is an array of operations`,
    "for a JSON Merge Patch add --merge",
  );
}
