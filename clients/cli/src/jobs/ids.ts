import type { BatchJob } from "../../../../gen/dlq/v1/batch_job_pb.ts";
import { EXIT, type ExitCode, usageError } from "../errors.ts";
import { escaped } from "../output/escape.ts";
import { countedText, countText } from "../output/numbers.ts";
import type { Run } from "../run.ts";
import { idsOf } from "../values/ids.ts";

/** The service's limit of one job. */
const IDS_A_JOB = 1_000;

/** As `idsOf`. @throws {CliError} for more than a job takes, too */
export async function jobIdsOf(run: Run, words: readonly string[]): Promise<string[]> {
  const ids = await idsOf(run, words);
  if (ids.length > IDS_A_JOB)
    throw usageError(
      `${countText(ids.length)} ids are given; a job takes at most ${countText(IDS_A_JOB)}`,
      "give them in parts, or select the messages by options",
    );
  return ids;
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
