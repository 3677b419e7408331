import type { Command } from "commander";
import {
  ListMessagesResponseSchema,
  MessageView,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { MessageState, MessageStateSchema } from "../../../../gen/dlq/v1/state_pb.ts";
import {
  type StoredMessage,
  StoredMessageSchema,
} from "../../../../gen/dlq/v1/stored_message_pb.ts";
import { addCommand, QUEUE_HELP, type WithRun } from "../command.ts";
import { EXIT, usageError } from "../errors.ts";
import { failureText } from "../output/failure.ts";
import { countedText, countText } from "../output/numbers.ts";
import { redactedNote } from "../output/redacted.ts";
import type { Column } from "../output/table.ts";
import type { Times } from "../output/times.ts";
import { selectionOf } from "../reads/groups.ts";
import { isHeldBy } from "../reads/held.ts";
import { requireQueues } from "../reads/known-queues.ts";
import { type Listing, type ListQuery, listMessages } from "../reads/messages.ts";
import type { Run } from "../run.ts";
import { parseCount } from "../values/duration.ts";
import {
  parseName,
  quarantineReasonName,
  reasonName,
  STATES,
  stateName,
} from "../values/enum-names.ts";
import type { FilterOptions } from "../values/filter.ts";
import { isPattern } from "../values/pattern.ts";
import { addFilterOptions, showRedactedOption } from "./filter-options.ts";

interface Options extends FilterOptions {
  readonly limit?: number;
  readonly maxExamined?: number;
  readonly oldestFirst?: true;
  readonly full?: true;
  readonly ids?: true;
  readonly worker?: string;
  readonly showRedacted?: true;
}

const LIMIT = 50;
const MOST_LISTED = 10_000_000;
const MAX_EXAMINED = 1_000_000;

/** Adds `ls`: stored messages that a filter selects. */
export function addLs(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "ls [queue]",
    summary: "List stored messages",
    details: `${QUEUE_HELP} Messages come by queue, in each the newest first.`,
    examples: [
      ["dlq ls orders", "the newest messages of a queue"],
      ["dlq ls 'orders-*' --state quarantined --since 1h", "what was quarantined in the last hour"],
      ["dlq ls --text cust-4711", "messages whose payload mentions a customer"],
      ["dlq ls orders --filter 'failure.http_status >= 500 && attempts > 3'", "a CEL expression"],
      ["dlq ls orders -o jsonl --limit 1000", "one JSON object a line, for scripts"],
    ],
    options(command) {
      addFilterOptions(command);
      command.option("--worker <name>", "only what this worker holds, see `dlq workers`");
      command.addOption(showRedactedOption());
      command
        .option(
          "-n, --limit <count>",
          `most messages to list [${LIMIT}; with --ids all]`,
          parseCount(1, MOST_LISTED),
        )
        .option("--oldest-first", "in each queue the oldest first")
        .option("--full", "with -o json or jsonl: also payloads, attributes and all failures")
        .option("--ids", "ids alone, one a line, for `dlq retry -`")
        .option(
          "--max-examined <count>",
          `most messages to examine [${countText(MAX_EXAMINED)}; with --ids all]`,
          parseCount(1),
        );
    },
    run: async (run, options, [queue = ""]) => {
      await requireQueues(run, [queue]);
      const query = {
        queue,
        filter: await selectionOf(run, inFlightOf(options)),
        matches: options.worker === undefined ? undefined : isHeldBy(options.worker),
        newestFirst: options.oldestFirst !== true,
        view: options.full === true ? MessageView.FULL : MessageView.BASIC,
        showRedacted: options.showRedacted === true,
        // Ids go to another command, which must not miss some.
        limit: options.limit ?? (options.ids === true ? Infinity : LIMIT),
        maxExamined: options.maxExamined ?? (options.ids === true ? Infinity : MAX_EXAMINED),
      };
      const onPage = pagePrinter(run, options);
      const listing = await listMessages(run, { ...query, onPage });
      if (onPage === undefined) printListing(run, listing, query);
      const { redactedCount } = listing.answer;
      run.print.notes([
        noteOf(listing),
        query.showRedacted ? "" : redactedNote(redactedCount, query.filter !== ""),
      ]);
      return listing.endedBy === "interrupt" ? EXIT.interrupted : undefined;
    },
  });
}

/** @throws {CliError} for a worker and a state in which no worker holds messages */
function inFlightOf({ worker, ...options }: Options): FilterOptions {
  if (worker === undefined) return options;
  const isOther = (name: string) =>
    parseName(MessageStateSchema, name, STATES) !== MessageState.IN_FLIGHT;
  if (options.state?.some(isOther) === true)
    throw usageError("--worker is for messages in flight", "leave out --state");
  return { ...options, state: [stateName(MessageState.IN_FLIGHT)] };
}

/** Returns what prints each page at once; undefined for output that needs all messages. */
function pagePrinter({ print }: Run, { ids }: Options): ListQuery["onPage"] {
  if (ids === true) {
    return (messages) => print.lines(messages.map(({ message }) => message?.id ?? ""));
  }
  if (print.format !== "jsonl") return undefined;
  return (messages) => {
    for (const message of messages) print.message(StoredMessageSchema, message);
  };
}

function printListing({ print }: Run, { answer }: Listing, query: ListQuery): void {
  const { messages } = answer;
  if (print.answer(ListMessagesResponseSchema, answer, StoredMessageSchema, messages)) return;
  if (messages.length === 0) return;
  const queues = new Set(messages.map(({ message }) => message?.queue));
  const all = columns(print.times());
  // A column of equal names would only take the room of others.
  const isNamed = queues.size === 1 && query.queue !== "" && !isPattern(query.queue);
  print.table(isNamed ? all.filter(({ title }) => title !== "QUEUE") : all, messages);
}

/** Returns what the reader must know beside the rows; empty if they are complete. */
function noteOf({ answer, foundCount, endedBy }: Listing): string {
  const examined = `${countedText(answer.examinedCount, "message")} examined`;
  switch (endedBy) {
    case "interrupt":
      return `Partial: interrupted after ${examined}.`;
    case "examined":
      return `Partial: ${examined}. Narrow the filter, or give a larger --max-examined.`;
    case "limit":
      return `There may be more: give a larger --limit; \`dlq count\` counts them.`;
    default:
      return foundCount === 0 ? `No message matches; ${examined}.` : "";
  }
}

function columns(times: Times): Column<StoredMessage>[] {
  return [
    { title: "ID", text: ({ message }) => message?.id ?? "", paint: (_, style) => style.strong },
    { title: "QUEUE", text: ({ message }) => message?.queue ?? "", least: 12, isCutFirst: true },
    {
      title: "STATE",
      text: ({ state }) => stateName(state),
      least: 6,
      paint: ({ state }, style) =>
        state === MessageState.QUARANTINED ? style.warning : (text) => text,
    },
    { title: "SINCE", text: ({ stateTime }) => times.age(stateTime), align: "right" },
    { title: "NEXT", text: (message) => nextText(message, times), least: 10, from: 150 },
    {
      title: "ATTEMPTS",
      text: ({ message }) => countText(message?.attempts ?? 0),
      align: "right",
      from: 130,
    },
    {
      title: "REASON",
      text: ({ message }) => reasonName(message?.reason ?? 0),
      least: 7,
      from: 100,
    },
    { title: "FAILURE", text: ({ message }) => failureText(message?.failure), least: 10 },
  ];
}

/** What comes next: its due time, the end of its lease, or why it is in quarantine. */
function nextText(
  { state, message, lease, quarantineReason }: StoredMessage,
  times: Times,
): string {
  switch (state) {
    case MessageState.SCHEDULED:
      return `due ${times.distance(message?.dueTime)}`;
    case MessageState.IN_FLIGHT:
      return lease === undefined ? "" : `lease ends ${times.distance(lease.expireTime)}`;
    default:
      return quarantineReasonName(quarantineReason);
  }
}
