import { create } from "@bufbuild/protobuf";
import type { Command } from "commander";
import { ListQueuesResponseSchema } from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import {
  type QueueStats,
  QueueStatsSchema,
  StatsResponseSchema,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { type Queue, QueueSchema } from "../../../../gen/dlq/v1/queue_pb.ts";
import { addCommand, QUEUES_HELP, type WithRun } from "../command.ts";
import { conditionPaint, firstCondition } from "../output/conditions.ts";
import { countText } from "../output/numbers.ts";
import type { Column } from "../output/table.ts";
import { spanText, type Times } from "../output/times.ts";
import { requireQueues } from "../reads/known-queues.ts";
import { messagesOf, readStats } from "../reads/stats.ts";
import type { Run } from "../run.ts";
import { matches } from "../values/pattern.ts";

interface Options {
  readonly settings?: true;
}

/** Adds `queues`: what is stored, one line a queue. */
export function addQueues(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "queues [queues...]",
    summary: "List queues: what they hold and what holds them up",
    details: `${QUEUES_HELP} NOW is the condition to act on first.`,
    examples: [
      ["dlq queues", "all queues"],
      ["dlq queues 'orders-*'", "those with this prefix"],
      ["dlq queues --settings", "queues with their own settings, as UpdateQueue set them"],
    ],
    options: (command) => command.option("--settings", "own settings instead of counts"),
    run: async (run, { settings }, patterns) => {
      await requireQueues(run, patterns);
      await (settings === true ? printSettings(run, patterns) : printCounts(run, patterns));
      return undefined;
    },
  });
}

export const QUEUE_COLUMNS: readonly Column<QueueStats>[] = [
  { title: "QUEUE", text: ({ queue }) => queue, least: 12 },
  { title: "MESSAGES", text: (queue) => countText(messagesOf(queue)), align: "right" },
  { title: "DUE", text: ({ dueNow }) => countText(dueNow), align: "right" },
  { title: "IN FLIGHT", text: ({ inFlight }) => countText(inFlight), align: "right" },
  {
    title: "QUARANTINED",
    text: ({ quarantined }) => countText(quarantined),
    align: "right",
    paint: ({ quarantined }, style) => (quarantined > 0n ? style.warning : style.faint),
  },
  { title: "WORKERS", text: ({ workers }) => countText(workers), align: "right" },
  { title: "OLDEST", text: ({ oldestAge }) => spanText(oldestAge), align: "right", from: 90 },
  {
    title: "NOW",
    text: firstCondition,
    least: 8,
    paint: ({ conditions }, style) => conditionPaint(conditions[0]?.code, style),
  },
];

async function printCounts(run: Run, patterns: readonly string[]): Promise<undefined> {
  const { print } = run;
  const stats = await readStats(run, patterns);
  if (print.answer(StatsResponseSchema, stats, QueueStatsSchema, stats.queues)) return;
  if (stats.queues.length > 0) print.table(QUEUE_COLUMNS, stats.queues);
  else print.note(noQueues(patterns));
}

function noQueues(patterns: readonly string[]): string {
  if (patterns.length > 0) return `No queue matches ${patterns.join(" ")}.`;
  return "There are no queues. A queue exists from its first message: try `dlq send`.";
}

async function printSettings(run: Run, patterns: readonly string[]): Promise<undefined> {
  const { print } = run;
  const answer = create(ListQueuesResponseSchema);
  do {
    const request = { pageToken: answer.nextPageToken, pageSize: 1_000 };
    const page = await run.admin.listQueues(request, run.call);
    answer.queues.push(
      ...page.queues.filter(({ name }) => patterns.length === 0 || matches(patterns, name)),
    );
    answer.nextPageToken = page.nextPageToken;
  } while (answer.nextPageToken !== "");
  if (print.answer(ListQueuesResponseSchema, answer, QueueSchema, answer.queues)) return;
  print.table(settingColumns(print.times()), answer.queues);
}

function settingColumns(times: Times): Column<Queue>[] {
  return [
    { title: "QUEUE", text: ({ name }) => name, least: 12 },
    { title: "CHANGED", text: ({ updateTime }) => times.age(updateTime) },
    { title: "OWN SETTINGS", text: ownSettings, least: 10 },
  ];
}

function ownSettings({ config }: Queue): string {
  if (config === undefined) return "";
  const isSet = (value: unknown) =>
    typeof value === "object" && value !== null
      ? Object.keys(value).length > 0
      : value !== undefined && value !== 0;
  const names = Object.entries(config).filter(
    ([name, value]) => name !== "$typeName" && isSet(value),
  );
  return names.map(([name]) => name).join(", ");
}
