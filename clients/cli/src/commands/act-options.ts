import { type Command, Option } from "commander";
import { repeatedOption } from "../command.ts";
import { usageError } from "../errors.ts";
import { RETRYABLE_STATES } from "../retry/filter.ts";
import { parseCount } from "../values/duration.ts";
import { addFilterOptions, showRedactedOption } from "./filter-options.ts";

/** Adds all options of a command that acts on many messages. */
export function addActOptions(command: Command): void {
  addFilterOptions(command, RETRYABLE_STATES);
  command.addOption(showRedactedOption());
  command
    .option("--expect <count>", "how many messages must match", parseCount(0))
    .option("--dry-run", "show what would be done, and change nothing");
  for (const option of runOptions()) command.addOption(option);
}

/** Options that edit messages. */
export function patchOptions(): Option[] {
  return [
    new Option(
      "--patch <file-or-json>",
      "a JSON Patch (RFC 6902): its JSON, a file, or - for stdin; may be repeated",
    ).argParser(repeatedOption),
    new Option("--merge", "the patches are JSON Merge Patches (RFC 7396)"),
    new Option("--attributes", "they edit the attributes, not the payload"),
  ];
}

/** Options that say how a job runs. */
export function runOptions(): Option[] {
  return [
    new Option("--rate <messages>", "most messages a second: 200/s").argParser(parseRate),
    new Option("--why <text>", "why, for those who look at the job later"),
    new Option("--detach", "do not wait for the end of the job"),
    new Option("-y, --yes", "do not ask"),
  ];
}

/** Help of commands that act by a job. */
export const ACT_DETAILS =
  "QUEUE is a queue, or a pattern in which * stands for any characters. With ids, at most 1,000, only these messages; `-` reads them from stdin. A dry run first counts the messages and shows some; then the command asks. A batch job of the servers does the work, if it finds the same number. Ctrl-C does not end the job: `dlq jobs cancel` does. The exit code is 0 when it is done, and 1 if messages were refused and none was acted on.";

/** Help of commands that remove messages by a job. */
export const UNDO_DETAILS =
  "`dlq undelete` brings the messages back for the queue's retain_deleted, a day by default, up to its retain_bytes: by default a tenth of max_bytes, or 64 MiB. Beyond that the oldest are erased first.";

/** Reads `200` or `200/s`. @throws {CliError} for any other text */
function parseRate(text: string): number {
  const [, digits = ""] = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text) ?? [];
  const rate = Number(digits);
  if (rate > 0) return rate;
  throw usageError(`"${text}" is no rate`, "write messages a second, such as 200/s");
}
