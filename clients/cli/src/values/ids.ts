import { usageError } from "../errors.ts";
import { isMessageId } from "../reads/messages.ts";
import type { Run } from "../run.ts";
import { readWords } from "./stdin.ts";

/**
 * Returns the different ids that a command names; `-` alone reads them from stdin. None are named: an empty list.
 *
 * @throws {CliError} for what is no id, and if stdin has none: the command would act on all messages
 */
export async function idsOf(run: Run, words: readonly string[]): Promise<string[]> {
  const isStdin = readsIds(words);
  const given = isStdin ? await readWords(run) : words;
  if (isStdin && given.length === 0)
    throw usageError("stdin has no ids", "`dlq ls --ids` prints ids");
  const wrong = given.find((id) => !isMessageId(id));
  if (wrong !== undefined)
    throw usageError(`"${wrong}" is no id of a message`, "`dlq ls --ids` prints ids");
  return [...new Set(given.map((id) => id.toLowerCase()))];
}

/** Reports whether the ids are on stdin. */
export function readsIds(words: readonly string[]): boolean {
  return words.length === 1 && words[0] === "-";
}
