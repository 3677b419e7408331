import type { BatchJob } from "../../../../gen/dlq/v1/batch_job_pb.ts";
import { EXIT, type ExitCode, usageError } from "../errors.ts";
import { escaped } from "../output/escape.ts";
import { countedText, countText } from "../output/numbers.ts";
import { isMessageId } from "../reads/messages.ts";
import type { Run } from "../run.ts";
import { readWords } from "../values/stdin.ts";

/** The service's limit of one job. */
const IDS_A_JOB = 1_000;

/**
 * Returns the different ids that a command names; `-` alone reads them from stdin. None are named: an empty list, and the job has no
 * such limit.
 *
 * @throws {CliError} for what is no id, for too many, and if stdin has none: the job would act on all messages
 */
export async function idsOf(run: Run, words: readonly string[]): Promise<string[]> {
  const isStdin = readsIds(words);
  const given = isStdin ? await readWords(run) : words;
  if (isStdin && given.length === 0)
    throw usageError("stdin has no ids", "`dlq ls --ids` prints ids");
  const wrong = given.find((id) => !isMessageId(id));
  if (wrong !== undefined)
    throw usageError(`"${wrong}" is no id of a message`, "`dlq ls --ids` prints ids");
  const ids = [...new Set(given.map((id) => id.toLowerCase()))];
  if (ids.length > IDS_A_JOB)
    throw usageError(
      `${countText(ids.length)} ids are given; a job takes at most ${countText(IDS_A_JOB)}`,
      "give them in parts, or select the messages by options",
    );
  return ids;
}

/** Reports whether the ids are on stdin. */
export function readsIds(words: readonly string[]): boolean {
  return words.length === 1 && words[0] === "-";
}

/** Returns a line that says how many ids of a dry run match no message; none if each of them matches one. */
export function missingLines({ spec, counts }: BatchJob): string[] {
  const named = spec?.ids.length ?? 0;
  if (spec === undefined || counts === undefined || named === 0) return [];
  const refused = counts.notSelected.reduce((sum, { count }) => sum + count, 0n);
  const missing = BigInt(named) - counts.selectedCount - refused - counts.damagedCount;
  if (missing <= 0n) return [];
  const verb = missing === 1n ? "matches" : "match";
  const place = spec.queue === "*" ? "any queue" : escaped(spec.queue);
  return [
    `${countText(missing)} of the ${countedText(named, "id")} ${verb} no message in ${place}`,
  ];
}

/** Returns the exit code of a command whose dry run has selected nothing. */
export function nothingCode({ spec, counts }: BatchJob): ExitCode | undefined {
  if (spec === undefined || spec.ids.length === 0) return undefined;
  return counts?.notSelected.length === 0 ? EXIT.notFound : EXIT.failed;
}
