import type { Command } from "commander";
import { addCommand, type WithRun } from "../command.ts";
import type { ExitCode } from "../errors.ts";
import { usageError } from "../errors.ts";
import { actOnMany } from "../jobs/act.ts";
import { type CanaryOptions, canaryOf, canaryOptions } from "../jobs/canary.ts";
import { jobIdsOf } from "../jobs/ids.ts";
import type { RunOptions } from "../jobs/options.ts";
import { optionalTransformsOf, type PatchOptions } from "../jobs/transforms.ts";
import { isMessageId } from "../reads/messages.ts";
import { retryMatching } from "../retry/by-filter.ts";
import { retryGroup } from "../retry/by-group.ts";
import { retryIds } from "../retry/by-ids.ts";
import { RETRYABLE_STATES } from "../retry/filter.ts";
import type { RetryOptions } from "../retry/options.ts";
import type { Run } from "../run.ts";
import { parseCount } from "../values/duration.ts";
import { namesOption } from "../values/enum-options.ts";
import { readWords } from "../values/stdin.ts";
import { patchOptions, runOptions } from "./act-options.ts";
import { groupOption, quarantineReasonOption, reasonOption } from "./filter-options.ts";

interface Options extends RetryOptions, RunOptions, PatchOptions, CanaryOptions {
  readonly job?: true;
}

/** Adds `retry`: makes messages due now. */
export function addRetry(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "retry [queue-or-ids...]",
    summary: "Make messages due now: by ids, or all that match in a queue or a group",
    details:
      "Quarantined messages start a new round of attempts. With a queue, --expect must be the number of messages that match, so that nothing else is retried: without it nothing happens, and the number is printed. `-` reads ids from stdin. With ids, --expect is the number of ids, and options that select messages are refused.\n\nWith --group the queue may be a pattern in which * stands for any characters; without one it is all queues. The messages are counted first and retried after that, never more than --expect.\n\nWith --job a batch job of the servers does the work, as for `dlq move`: a dry run shows what matches, and the command asks. The queue may be a pattern, with ids behind it only these messages are retried, and --expect is not needed. --patch edits them in the same step, as `dlq edit` does; messages to which a patch does not apply are refused, and not retried.\n\n--canary retries a slice of the messages first, with one of each group, and waits for what workers report; if too few succeed, the job stops and leaves the rest alone. --resolve resolves the group when the canary has passed, or without one before the retry: a later failure opens it again. Both imply --job.",
    examples: [
      ["dlq retry 01a21eee-752a-7000-8000-000c64f1d2b3", "one message"],
      [
        "dlq retry orders --reason network_error --expect 1200",
        "the quarantined ones of a queue with this reason",
      ],
      ["dlq retry orders --group 01f3a8 --expect 40", "those of a queue that are in one group"],
      ["dlq retry 'hooks-*' --job --rate 200/s --why 'hooks.acme.io is back'", "not too fast"],
      [
        `dlq retry hooks --job --merge --patch '{"to": "https://new.example"}'`,
        "edits them in the same step",
      ],
      ["dlq retry --group 01f3a8 --canary --resolve", "a few first; if they succeed, the rest"],
      ["dlq ls orders --text cust-4711 --ids | dlq retry --queue orders -", "what `ls` finds"],
    ],
    options(command) {
      command
        .option("-q, --queue <queue>", "the queue of the ids: faster than a search")
        .addOption(namesOption("-s, --state <states>", "its state [quarantined]", RETRYABLE_STATES))
        .addOption(reasonOption())
        .addOption(quarantineReasonOption())
        .addOption(groupOption())
        .option(
          "--expect <count>",
          "how many messages match, or how many ids there are",
          parseCount(0),
        )
        .option("--dry-run", "change nothing")
        .option(
          "--job",
          "run it as a batch job; needed for --rate, --why, --detach, --yes and --patch",
        );
      for (const option of [...canaryOptions(), ...runOptions(), ...patchOptions()])
        command.addOption(option);
    },
    run: async (run, options, names) => {
      const [first = ""] = names;
      const canary = canaryOf(options, options.group);
      if (isByJob(options)) return retryByJob(run, names, options, canary);
      refuseJobOptions(options);
      if (first === "-" || isMessageId(first)) {
        refuseFilters(options);
        if (first !== "-") return retryIds(run, names, options);
        if (names.length > 1) throw usageError(`"${names[1]}" is not expected after -`);
        return retryIds(run, await readWords(run), options);
      }
      if (options.queue !== undefined)
        throw usageError("--queue is for ids", "give the queue as the argument");
      if (names.length > 1)
        throw usageError(`"${names[1]}" is not expected after the queue ${first}`);
      if (options.group !== undefined) return retryGroup(run, first, options);
      if (first === "") throw usageError("name a queue, ids or a --group", "see --help");
      return retryMatching(run, first, options);
    },
  });
}

/** A canary is of a job. */
const isByJob = ({ job, canary, resolve }: Options): boolean =>
  job === true || canary !== undefined || resolve === true;

/** Retries by a batch job what matches in queues. @throws {CliError} for ids without a queue, or without a queue and a group */
async function retryByJob(
  run: Run,
  names: readonly string[],
  options: Options,
  canary: ReturnType<typeof canaryOf>,
): Promise<ExitCode | undefined> {
  const [first = "", ...words] = names;
  if (first === "-" || isMessageId(first) || options.queue !== undefined)
    throw usageError(
      "--job takes the queue as its first argument",
      "give the queue before the ids, or leave out --job",
    );
  if (first === "" && options.group === undefined)
    throw usageError("name a queue or a --group", "see --help");
  const transforms = await optionalTransformsOf(run, options, words);
  const ids = await jobIdsOf(run, words);
  const state = options.state ?? (ids.length > 0 ? undefined : ["quarantined"]);
  const value = { transforms, ...canary };
  const retry = { case: "retry" as const, value };
  return actOnMany(run, first || "*", retry, { ...options, ids, ...(state && { state }) });
}

/** @throws {CliError} for an option that says how a job runs, or edits messages */
function refuseJobOptions(options: Options): void {
  const { rate, why, detach, yes, patch, merge, attributes } = options;
  const given = Object.entries({
    ...{ "--rate": rate, "--why": why, "--detach": detach, "--yes": yes },
    ...{ "--patch": patch, "--merge": merge, "--attributes": attributes },
  });
  const [name] = given.find(([, value]) => value !== undefined) ?? [];
  if (name !== undefined) throw usageError(`${name} is for --job`, "add --job, or leave it out");
}

/** @throws {CliError} for an option that selects messages: ids name them already */
function refuseFilters({ state, reason, quarantineReason, group }: RetryOptions): void {
  const given = Object.entries({
    "--state": state,
    "--reason": reason,
    "--quarantine-reason": quarantineReason,
    "--group": group,
  }).find(([, value]) => value !== undefined);
  if (given !== undefined) {
    throw usageError(
      `${given[0]} is for queues, not for ids; nothing was retried`,
      "select ids by the options of `dlq ls --ids`",
    );
  }
}
