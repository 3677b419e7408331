import type { Command } from "commander";
import { addCommand, repeatedOption, type WithRun } from "../command.ts";
import { usageError } from "../errors.ts";
import { changeQueue, printChange, readQueue } from "../queue/change.ts";
import { type DeleteOptions, deleteQueue } from "../queue/deletion.ts";
import { SETTING_FIELDS, settingChange } from "../queue/fields.ts";
import { type PauseOptions, pauseQueue, resumeQueue } from "../queue/pause.ts";
import { confirmRetention } from "../queue/retention.ts";
import { requireQueues } from "../reads/known-queues.ts";
import { parseCount } from "../values/duration.ts";
import { namesOption } from "../values/enum-options.ts";

/** Adds `queue`: what changes one queue. */
export function addQueue(program: Command, withRun: WithRun): void {
  const queue = program.command("queue").summary("Pause, resume, set or delete a queue");
  queue.description("Pauses or resumes a queue, changes its settings, or deletes it.");
  for (const add of [addPause, addResume, addSet, addDelete]) add(queue, withRun);
}

function addPause(queue: Command, withRun: WithRun): void {
  addCommand<Omit<PauseOptions, "until"> & { readonly until?: string; readonly for?: string }>(
    queue,
    withRun,
    {
      usage: "pause <queue>",
      summary: "Stop delivery of a queue; sends and outcomes are still accepted",
      details: "Replaces another pause. Time to live continues.",
      examples: [
        ["dlq queue pause orders --for 2h --reason 'bank is down'", "for two hours"],
        ["dlq queue pause orders", "until `dlq queue resume orders`"],
      ],
      options: (command) =>
        command
          .option("--for <duration>", "how long, such as 2h; without it until it is resumed")
          .option("--until <time>", "until when, such as 2026-01-31T18:00:00Z")
          .option("--reason <text>", "why, for others"),
      run: async (run, { reason, until, for: duration }, [name = ""]) => {
        if (until !== undefined && duration !== undefined)
          throw usageError("give --for or --until, not both");
        const end = until ?? duration;
        await pauseQueue(run, name, {
          ...(reason !== undefined && { reason }),
          ...(end !== undefined && { until: end }),
        });
        return undefined;
      },
    },
  );
}

function addResume(queue: Command, withRun: WithRun): void {
  addCommand(queue, withRun, {
    usage: "resume <queue>",
    summary: "End the pause of a queue",
    examples: [["dlq queue resume orders", "deliver again"]],
    run: async (run, _, [name = ""]) => {
      await resumeQueue(run, name);
      return undefined;
    },
  });
}

interface SetOptions {
  readonly set?: readonly string[];
  readonly unset?: readonly string[];
  readonly create?: true;
  readonly yes?: true;
}

function addSet(queue: Command, withRun: WithRun): void {
  addCommand<SetOptions>(queue, withRun, {
    usage: "set <queue>",
    summary: "Change settings of a queue, and show them before and after",
    details:
      "The settings of a queue are stronger than those of the server's configuration and the defaults. If somebody else changes the queue meanwhile, nothing changes. Durations are written as 30s or 7d, lists as a,b, and what has parts as JSON. A shorter quarantine_retention also removes messages that are there: then the command shows them and asks. --set takes the fields that --unset lists.",
    examples: [
      ["dlq queue set orders --set max_retries=5 --unset rate", "one setting, and one less"],
      ["dlq queue set orders --set breaker.window=1m --set ttl=7d", "a part of a setting"],
      [`dlq queue set orders --set 'retry_policy={"preset": "webhook"}'`, "a RetryPolicy in JSON"],
    ],
    options: (command) =>
      command
        .option("--set <field=value>", "a field to set; may be repeated", repeatedOption)
        .addOption(
          namesOption(
            "--unset <fields>",
            "fields to clear: the configuration or the default applies again",
            [...SETTING_FIELDS.keys()],
          ),
        )
        .option("--create", "also if there is no such queue yet")
        .option("-y, --yes", "do not ask, also if messages are removed"),
    run: async (run, { set = [], unset = [], create, yes }, [name = ""]) => {
      if (set.length + unset.length === 0) throw usageError("give --set or --unset", "see --help");
      const change = settingChange(set, unset);
      if (create !== true) await requireQueues(run, [name]);
      const before = await readQueue(run, name);
      if (!(await confirmRetention(run, before, change, yes))) return undefined;
      printChange(run, before, await changeQueue(run, before, change), change);
      return undefined;
    },
  });
}

function addDelete(queue: Command, withRun: WithRun): void {
  addCommand<DeleteOptions>(queue, withRun, {
    usage: "delete <queue>",
    summary: "Delete a queue with its messages and settings, for good",
    details:
      "Shows how many messages it holds and some of them, and how many deleted ones it keeps, and asks. If the number or the settings change meanwhile, nothing is deleted. A queue with messages in flight is not deleted. Its messages are erased at once, also those that were deleted before: nothing brings them back.",
    examples: [
      ["dlq queue delete orders", "asks on a terminal"],
      ["dlq queue delete orders --expect 12 --yes", "in a script"],
    ],
    options: (command) =>
      command
        .option("--expect <count>", "how many messages it must hold", parseCount(0))
        .option("-y, --yes", "do not ask"),
    run: async (run, options, [name = ""]) => {
      await deleteQueue(run, name, options);
      return undefined;
    },
  });
}
