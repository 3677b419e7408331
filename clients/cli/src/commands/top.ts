import { setTimeout as delay } from "node:timers/promises";
import { ConnectError } from "@connectrpc/connect";
import { type Command, Option } from "commander";
import {
  type QueueStats,
  type StatsResponse,
  StatsResponseSchema,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { reasonOf, STORE_UNAVAILABLE } from "../call-errors.ts";
import { addCommand, QUEUES_HELP, type WithRun } from "../command.ts";
import { CliError, EXIT, usageError } from "../errors.ts";
import { escaped } from "../output/escape.ts";
import { countedText, countText, rateText } from "../output/numbers.ts";
import { type Column, tableLines } from "../output/table.ts";
import { durationText } from "../output/times.ts";
import { cutTo } from "../output/width.ts";
import { messagesOf, readStats } from "../reads/stats.ts";
import type { Run } from "../run.ts";
import { parseCount, parseDuration } from "../values/duration.ts";
import { quitKeys } from "../values/quit-keys.ts";
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
    details: `${QUEUES_HELP} q and Ctrl-C end it. If a look fails, the last counts stay, with what is wrong.`,
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
      await watch(run, patterns, options, (stats, problem) => show(run, stats, problem, order));
    },
  });
}

async function watch(
  run: Run,
  patterns: readonly string[],
  { interval, count = Infinity }: Options,
  onLook: (stats: StatsResponse, problem: string) => void,
): Promise<void> {
  const { print, io } = run;
  const intervalMs = Math.max(LEAST_INTERVAL_MS, parseDuration(interval));
  let stats = await readStats(run, patterns); // before the screen changes: it may fail
  let readAtMs = performance.now();
  const keys = print.isTable ? quitKeys(io.stdin) : undefined;
  const signal = keys === undefined ? run.signal : AbortSignal.any([run.signal, keys.signal]);
  if (print.isTable) io.stdout.write(ENTER);
  try {
    onLook(stats, "");
    for (let looks = 1; looks < count && !signal.aborted; looks++) {
      await delay(intervalMs, undefined, { signal });
      let problem = "";
      try {
        stats = await readStats(run, patterns, { ...run.call, signal });
        readAtMs = performance.now();
      } catch (error) {
        // A script gets the error; a person goes on looking.
        if (signal.aborted || !print.isTable) throw error;
        problem = problemText(run, error, performance.now() - readAtMs);
      }
      onLook(stats, problem);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    keys?.end();
    if (print.isTable) io.stdout.write(LEAVE);
  }
}

/** Returns what to say of a failed read. */
function problemText(run: Run, error: unknown, sinceMs: number): string {
  return `${whatFails(run, error)}, since ${durationText(sinceMs)}`;
}

function whatFails(run: Run, error: unknown): string {
  if (error instanceof ConnectError && reasonOf(error) === STORE_UNAVAILABLE)
    return "the store does not answer";
  const explained = run.explain(error);
  if (!(explained instanceof CliError)) throw error;
  return explained.exitCode === EXIT.unreachable
    ? `${run.target} does not answer`
    : explained.message;
}

function show(
  run: Run,
  stats: StatsResponse,
  problem: string,
  order: (queue: QueueStats) => number,
): void {
  const { print, io } = run;
  if (!print.isTable) {
    print.message(StatsResponseSchema, stats);
    return;
  }
  const { style, width } = print;
  const room = Math.max(1, (io.stdout.rows || 24) - 4 - (problem === "" ? 0 : 1));
  const queues = stats.queues.toSorted((a, b) => order(b) - order(a));
  const sum = (of: (queue: QueueStats) => number) =>
    rateText(queues.reduce((all, one) => all + of(one), 0));
  const head = [
    `${countedText(stats.totalMessages, "message")} in ${countedText(queues.length, "queue")}, ${countText(stats.totalPoisonMessages)} quarantined`,
    `a second: accepted ${sum(({ rates }) => rates?.accepted ?? 0)}, delivered ${sum(({ rates }) => rates?.delivered ?? 0)}, succeeded ${sum(({ rates }) => rates?.succeeded ?? 0)}, failed ${sum(({ rates }) => rates?.failed ?? 0)}`,
  ];
  const cut = (line: string) => cutTo(line, width ?? Infinity);
  const lines = [
    ...head.map((line) => style.strong(cut(line))),
    ...(problem === "" ? [] : [style.bad(cut(escaped(problem)))]),
    ...tableLines(COLUMNS, queues.slice(0, room), style, width),
  ].map((line) => `${line}${ERASE_LINE}`);
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
