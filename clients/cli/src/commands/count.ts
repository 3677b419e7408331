import { ConnectError } from "@connectrpc/connect";
import { type Command, Option } from "commander";
import {
  type CountMessagesResponse,
  CountMessagesResponseSchema,
  type MessageCount,
  MessageCountSchema,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { addCommand, QUEUE_HELP, repeatedOption, type WithRun } from "../command.ts";
import { EXIT, usageError } from "../errors.ts";
import { countedText, countText } from "../output/numbers.ts";
import { redactedNote } from "../output/redacted.ts";
import type { Column } from "../output/table.ts";
import { countMessages } from "../reads/counts.ts";
import { selectionOf } from "../reads/groups.ts";
import { requireQueues } from "../reads/known-queues.ts";
import type { Run } from "../run.ts";
import { parseCount } from "../values/duration.ts";
import type { FilterOptions } from "../values/filter.ts";
import { addFilterOptions, showRedactedOption } from "./filter-options.ts";

interface Options extends FilterOptions {
  readonly by?: readonly string[];
  readonly limit?: number;
  readonly showRedacted?: true;
}

/** Short names for expressions that are counted often. */
const SHORT: Readonly<Record<string, string>> = {
  queue: "message.queue",
  state: "state",
  reason: "failure.reason",
  quarantine_reason: "quarantine_reason",
  group: "group_id",
  type: "failure.type",
  failure: "failure.message",
  service: "message.origin.service",
  hour: "hour(state_time)",
  day: "day(state_time)",
};
/** The service's limit. */
const MOST_VALUES = 4;

/** Adds `count`: how many messages there are, by values. */
export function addCount(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "count [queue]",
    summary: "Count stored messages, grouped by values",
    details: QUEUE_HELP,
    examples: [
      ["dlq count --by queue --by state", "what there is"],
      [
        "dlq count orders -s quarantined --by quarantine_reason --by reason",
        "why they are in quarantine",
      ],
      ["dlq count orders --by hour", "when they entered their state"],
      ["dlq count --by 'message.attributes[\"host\"]'", "a CEL expression"],
    ],
    options(command) {
      command.addOption(
        new Option(
          "-b, --by <value>",
          `count separately for each value: one of these, or a CEL expression; repeatable, at most ${MOST_VALUES}`,
        )
          .choices(Object.keys(SHORT))
          .argParser(repeatedOption),
      );
      addFilterOptions(command);
      command.addOption(showRedactedOption());
      command.option("-n, --limit <count>", "only the largest counts", parseCount(1));
    },
    run: async (run, options, [queue = ""]) => {
      const by = (options.by ?? []).map((name) => SHORT[name] ?? name);
      if (by.length > MOST_VALUES)
        throw usageError(`--by is given ${by.length} times; at most ${MOST_VALUES}`);
      await requireQueues(run, [queue]);
      const filter = await selectionOf(run, options);
      const showRedacted = options.showRedacted === true;
      const query = { queue, filter, by, showRedacted };
      const counts = largest(await countMessages(run, query).catch(explainBy), options.limit);
      printCounts(run, options.by ?? [], counts);
      run.print.notes([
        counts.done
          ? ""
          : `Partial: interrupted after ${countedText(counts.examinedCount, "message")} examined.`,
        showRedacted ? "" : redactedNote(counts.redactedCount, filter !== ""),
      ]);
      return counts.done ? EXIT.ok : EXIT.interrupted;
    },
  });
}

/** Names the short names if an expression of --by is wrong. */
function explainBy(error: unknown): never {
  if (!(error instanceof ConnectError) || !/^by\b/.test(error.rawMessage)) throw error;
  const names = Object.keys(SHORT).join(", ");
  throw usageError(
    error.rawMessage,
    `--by is one of ${names}, or an expression: docs/reference/filters.md`,
  );
}

/** Leaves out all but the largest counts: they are among the other values then. */
function largest(
  answer: CountMessagesResponse,
  limit = answer.counts.length,
): CountMessagesResponse {
  const rest = answer.counts.splice(limit);
  answer.otherCount += rest.reduce((sum, { count }) => sum + count, 0n);
  return answer;
}

function printCounts({ print }: Run, by: readonly string[], answer: CountMessagesResponse): void {
  if (print.answer(CountMessagesResponseSchema, answer, MessageCountSchema, answer.counts)) return;
  const columns: Column<MessageCount>[] = [
    {
      title: "MESSAGES",
      text: (one) => countText(one.count),
      align: "right",
      paint: (_, style) => style.strong,
    },
    ...by.map((name, at) => ({
      title: name.toUpperCase(),
      text: ({ values }: MessageCount) => values[at] || "-",
      least: 8,
    })),
  ];
  if (answer.counts.length > 0) print.table(columns, answer.counts);
  else print.note(`No message matches; ${countedText(answer.examinedCount, "message")} examined.`);
  if (answer.otherCount > 0n) {
    print.note(
      `${countedText(answer.otherCount, "message")} with other values: narrow the filter to see them.`,
    );
  }
}
