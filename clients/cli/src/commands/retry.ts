import type { Command } from "commander";
import { addCommand, type WithRun } from "../command.ts";
import { usageError } from "../errors.ts";
import { isMessageId } from "../reads/messages.ts";
import { retryMatching } from "../retry/by-filter.ts";
import { retryGroup } from "../retry/by-group.ts";
import { retryIds } from "../retry/by-ids.ts";
import { RETRYABLE_STATES } from "../retry/filter.ts";
import type { RetryOptions } from "../retry/options.ts";
import { parseCount } from "../values/duration.ts";
import { namesOption } from "../values/enum-options.ts";
import { readWords } from "../values/stdin.ts";
import { groupOption, quarantineReasonOption, reasonOption } from "./filter-options.ts";

/** Adds `retry`: makes messages due now. */
export function addRetry(program: Command, withRun: WithRun): void {
  addCommand<RetryOptions>(program, withRun, {
    usage: "retry [queue-or-ids...]",
    summary: "Make messages due now: by ids, or all that match in a queue or a group",
    details:
      "Quarantined messages start a new round of attempts. With a queue, --expect must be the number of messages that match, so that nothing else is retried: without it nothing happens, and the number is printed. `-` reads ids from stdin. With ids, --expect is the number of ids, and options that select messages are refused.\n\nWith --group the queue may be a pattern in which * stands for any characters; without one it is all queues. The messages are counted first and retried after that, never more than --expect.",
    examples: [
      ["dlq retry 01a21eee-752a-7000-8000-000c64f1d2b3", "one message"],
      [
        "dlq retry orders --reason network_error --expect 1200",
        "the quarantined ones of a queue with this reason",
      ],
      ["dlq retry orders --group 01f3a8 --expect 40", "those of a queue that are in one group"],
      ["dlq ls orders --text cust-4711 --ids | dlq retry --queue orders -", "what `ls` finds"],
    ],
    options: (command) =>
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
        .option("--dry-run", "change nothing"),
    run: async (run, options, names) => {
      const [first = ""] = names;
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
