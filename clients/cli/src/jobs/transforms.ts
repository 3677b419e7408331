import { create } from "@bufbuild/protobuf";
import {
  type Transform,
  TransformSchema,
  TransformTarget,
} from "../../../../gen/dlq/v1/rule_pb.ts";
import { usageError } from "../errors.ts";
import type { Run } from "../run.ts";
import { readsIds } from "../values/ids.ts";
import { readText } from "../values/json-file.ts";

/** Options that edit messages. */
export interface PatchOptions {
  readonly patch?: readonly string[];
  readonly merge?: true;
  readonly attributes?: true;
}

/**
 * Returns the edits in the order of the options.
 *
 * @throws {CliError} if there are none, for what is no patch, and if stdin is needed twice: `ids` are the words that name messages
 */
export async function transformsOf(
  run: Run,
  { patch = [], merge, attributes }: PatchOptions,
  ids: readonly string[],
): Promise<Transform[]> {
  if (patch.length === 0) throw usageError("--patch is missing", "see --help");
  if (patch.includes("-") && readsIds(ids))
    throw usageError("stdin has either the ids or a patch", "give the patch as a file");
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

/** Returns no edits if no option of edits is given. @throws {CliError} as `transformsOf` */
export async function optionalTransformsOf(
  run: Run,
  options: PatchOptions,
  ids: readonly string[],
): Promise<Transform[]> {
  const { patch, merge, attributes } = options;
  const isGiven = patch !== undefined || merge === true || attributes === true;
  return isGiven ? transformsOf(run, options, ids) : [];
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
