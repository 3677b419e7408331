import { setTimeout as delay } from "node:timers/promises";
import { type Command, Option } from "commander";
import {
  type QueueStats,
  type StatsResponse,
  StatsResponseSchema,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { addCommand, QUEUES_HELP, type WithRun } from "../command.ts";
import { usageError } from "../errors.ts";
import { countedText, countText, rateText } from "../output/numbers.ts";
import { type Column, tableLines } from "../output/table.ts";
import { cutTo } from "../output/width.ts";
import { messagesOf, readStats } from "../reads/stats.ts";
import type { Run } from "../run.ts";
import { parseCount, parseDuration } from "../values/duration.ts";
import { QUEUE_COLUMNS } from "./queues.ts";

interface Options {
  readonly interval: string;
  readonly count?: number;
  readonly sort: keyof typeof ORDERS;
}

const ORDERS = {
  messages: (queue: QueueStats) => Number(messagesOf(queue)),
  due: ({ dueNow }: QueueStats) => Number(dueNow),
  quarantined: ({ quarantined }: QueueStats) => Number(quarantined),
  failed: ({ rates }: QueueStats) => rates?.failed ?? 0,
  delivered: ({ rates }: QueueStats) => rates?.delivered ?? 0,
};

// The alternate screen, without a cursor, so that what was there before comes back.
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const ERASE_LINE = "\u001b[K";
const ERASE_BELOW = "\u001b[J";
const LEAST_INTERVAL_MS = 200;

/** Adds `top`: queues, live. */
export function addTop(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "top [queues...]",
    summary: "Watch queues live, the ones with most work first",
    details: `${QUEUES_HELP} Ctrl-C ends it.`,
    examples: [
      ["dlq top", "all queues"],
      ["dlq top 'orders-*' --sort failed --interval 5s", "those that fail most"],
      ["dlq top -o jsonl --count 10", "ten answers of Stats, one a line, for scripts"],
    ],
    options: (command) =>
      command
        .option("-i, --interval <duration>", "time between two looks", "2s")
        .option("-n, --count <count>", "end after so many looks", parseCount(1))
        .addOption(
          new Option("--sort <order>", "what comes first")
            .choices(Object.keys(ORDERS))
            .default("messages"),
        ),
    run: async (run, options, patterns) => {
      const { print } = run;
      if (print.isTable && !print.isTerminal) {
        throw usageError(
          "top needs a terminal",
          "use `dlq queues`, or `dlq top -o jsonl` for scripts",
        );
      }
      const order = ORDERS[options.sort];
      await watch(run, patterns, options, (stats) => show(run, stats, order));
    },
  });
}

async function watch(
  run: Run,
  patterns: readonly string[],
  { interval, count = Infinity }: Options,
  onStats: (stats: StatsResponse) => void,
): Promise<void> {
  const { signal, print, io } = run;
  const intervalMs = Math.max(LEAST_INTERVAL_MS, parseDuration(interval));
  const first = await readStats(run, patterns); // before the screen changes: it may fail
  if (print.isTable) io.stdout.write(ENTER);
  try {
    onStats(first);
    for (let looks = 1; looks < count && !signal.aborted; looks++) {
      await delay(intervalMs, undefined, { signal });
      onStats(await readStats(run, patterns));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    if (print.isTable) io.stdout.write(LEAVE);
  }
}

function show(run: Run, stats: StatsResponse, order: (queue: QueueStats) => number): void {
  const { print, io } = run;
  if (!print.isTable) {
    print.message(StatsResponseSchema, stats);
    return;
  }
  const { style, width } = print;
  const room = Math.max(1, (io.stdout.rows ?? 24) - 4);
  const queues = stats.queues.toSorted((a, b) => order(b) - order(a));
  const sum = (of: (queue: QueueStats) => number) =>
    rateText(queues.reduce((all, one) => all + of(one), 0));
  const head = [
    `${countedText(stats.totalMessages, "message")} in ${countedText(queues.length, "queue")}, ${countText(stats.totalPoisonMessages)} quarantined`,
    `a second: accepted ${sum(({ rates }) => rates?.accepted ?? 0)}, delivered ${sum(({ rates }) => rates?.delivered ?? 0)}, succeeded ${sum(({ rates }) => rates?.succeeded ?? 0)}, failed ${sum(({ rates }) => rates?.failed ?? 0)}`,
  ];
  const table = tableLines(COLUMNS, queues.slice(0, room), style, width);
  const lines = [...head.map((line) => style.strong(cutTo(line, width ?? Infinity))), ...table].map(
    (line) => `${line}${ERASE_LINE}`,
  );
  io.stdout.write(`${HOME}${lines.join("\r\n")}${ERASE_BELOW}`);
}

const rate = (
  title: string,
  of: (queue: QueueStats) => number | undefined,
): Column<QueueStats> => ({
  title,
  text: (queue) => rateText(of(queue) ?? 0),
  align: "right",
  from: 110,
});

const COLUMNS: readonly Column<QueueStats>[] = [
  ...QUEUE_COLUMNS.slice(0, -1),
  rate("IN/S", ({ rates }) => rates?.accepted),
  rate("OUT/S", ({ rates }) => rates?.succeeded),
  rate("FAILED/S", ({ rates }) => rates?.failed),
  ...QUEUE_COLUMNS.slice(-1),
];
