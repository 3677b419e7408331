import { lookUp } from "../call-errors.ts";
import { usageError } from "../errors.ts";
import type { Run } from "../run.ts";
import { type FilterOptions, filterOf } from "../values/filter.ts";

const WHOLE_ID = /^[0-9a-f]{16}$/;
const START_OF_ID = /^[0-9a-f]{6,15}$/;

/**
 * Returns the id of a group of which the first six or more digits are given.
 *
 * @throws {CliError} for any other text. Rejects with the server's error if no group, or several, begin so
 */
export async function wholeGroupId(run: Run, text: string): Promise<string> {
  const id = text.toLowerCase();
  if (WHOLE_ID.test(id)) return id;
  if (!START_OF_ID.test(id)) {
    throw usageError(
      `"${text}" is no id of a group`,
      "give its first six or more digits; `dlq groups` lists groups",
    );
  }
  const { group } = await lookUp("group", id, run.admin.getGroup({ id }, run.call));
  return group?.id ?? id;
}

/** Returns the CEL expression of a command's options. @throws {CliError} for a wrong value of an option */
export async function selectionOf(run: Run, options: FilterOptions): Promise<string> {
  if (options.group === undefined) return filterOf(options);
  return filterOf({ ...options, group: await wholeGroupId(run, options.group) });
}
