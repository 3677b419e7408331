import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import {
  type QueueStats,
  QueueStatsSchema,
  StatsResponseSchema,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { BreakerState } from "../../../../gen/dlq/v1/state_pb.ts";
import { addCommand, QUEUES_HELP, type WithRun } from "../command.ts";
import { conditionName, conditionPaint } from "../output/conditions.ts";
import { escaped } from "../output/escape.ts";
import { queueSteps } from "../output/next-steps.ts";
import { bytesText, countedText, countText, rateText } from "../output/numbers.ts";
import type { Printer } from "../output/printer.ts";
import { type Fact, factLines } from "../output/table.ts";
import { spanText } from "../output/times.ts";
import { wrapped } from "../output/wrap.ts";
import { requireQueues } from "../reads/known-queues.ts";
import { messagesOf, readStats } from "../reads/stats.ts";
import { quarantineReasonName, reasonName, stateName } from "../values/enum-names.ts";

/** Adds `stats`: all figures of queues, and why nothing moves. */
export function addStats(program: Command, withRun: WithRun): void {
  addCommand(program, withRun, {
    usage: "stats [queues...]",
    summary: "Show counts, ages and rates of queues, and why nothing moves",
    details: QUEUES_HELP,
    examples: [
      ["dlq stats orders", "one queue"],
      ["dlq stats -o json | jq '.queues[] | {queue, quarantined}'", "for scripts"],
    ],
    run: async (run, _, patterns) => {
      const { print } = run;
      await requireQueues(run, patterns);
      const stats = await readStats(run, patterns);
      if (print.answer(StatsResponseSchema, stats, QueueStatsSchema, stats.queues)) return;
      for (const [at, queue] of stats.queues.entries()) {
        print.lines([...(at === 0 ? [] : [""]), ...queueLines(queue, print)]);
      }
      if (stats.queues.length === 0) print.note("No queue matches; `dlq queues` lists them.");
    },
  });
}

function queueLines(queue: QueueStats, print: Printer): string[] {
  const { style } = print;
  const size = `${countedText(messagesOf(queue), "message")}, ${bytesText(queue.bytes)}`;
  return [
    `${style.strong(escaped(queue.queue))}  ${size}`,
    ...factLines(facts(queue, print), style, print.width, "  "),
    ...queue.conditions.flatMap(({ code, message }) => {
      const name = conditionName(code);
      const [first = "", ...rest] = wrapped(escaped(message), print.width, name.length + 4);
      const indent = " ".repeat(name.length + 4);
      return [
        `  ${conditionPaint(code, style)(name)}  ${first}`,
        ...rest.map((line) => `${indent}${line}`),
      ];
    }),
    ...queueSteps(queue, print.width, 2),
  ];
}

function facts(queue: QueueStats, print: Printer): Fact[] {
  const times = print.times();
  const { rates, totals } = queue;
  const next =
    queue.nextDueTime === undefined ? "" : `, next due ${times.distance(queue.nextDueTime)}`;
  const oldestQuarantined = ageText(queue.oldestQuarantinedAge);
  return [
    ["scheduled", `${countText(queue.scheduled)}, ${countText(queue.dueNow)} of them due${next}`],
    ["in flight", `${countText(queue.inFlight)}, workers: ${countText(queue.workers)}`],
    ["quarantined", `${countText(queue.quarantined)}${oldestQuarantined}`],
    ["oldest", spanText(queue.oldestAge)],
    [
      "a second",
      rates === undefined
        ? ""
        : `accepted ${rateText(rates.accepted)}, delivered ${rateText(rates.delivered)}, succeeded ${rateText(rates.succeeded)}, failed ${rateText(rates.failed)}`,
    ],
    [
      "in all",
      totals === undefined
        ? ""
        : namedCounts({
            accepted: totals.accepted,
            joined: totals.joined,
            succeeded: totals.succeeded,
            discarded: totals.discarded,
            expired: totals.expired,
            purged: totals.purged,
            undeleted: totals.undeleted,
            "moved in": totals.movedIn,
            "moved out": totals.movedOut,
            "failed attempts": totals.failedAttempts,
            "expired leases": totals.leaseExpiries,
          }),
    ],
    ["breaker", breakerText(queue, print)],
    ["held keys", queue.heldOrderingKeys === 0 ? "" : countText(queue.heldOrderingKeys)],
    ["by cause", queue.counts.map(causeText).join("\n")],
  ];
}

function ageText(age: QueueStats["oldestQuarantinedAge"]): string {
  return age === undefined || durationMs(age) <= 0 ? "" : `, the oldest for ${spanText(age)}`;
}

function namedCounts(counts: Readonly<Record<string, bigint>>): string {
  const given = Object.entries(counts).filter(([, count]) => count !== 0n);
  return given.map(([name, count]) => `${name} ${countText(count)}`).join(", ");
}

function breakerText(
  { breakerState, breakerRetryTime, openBreakers }: QueueStats,
  print: Printer,
): string {
  if (breakerState === BreakerState.OPEN || breakerState === BreakerState.HALF_OPEN) {
    const state = breakerState === BreakerState.OPEN ? "open" : "half-open";
    const probe =
      breakerRetryTime === undefined ? "" : `, probes ${print.times().distance(breakerRetryTime)}`;
    return `${state}${probe}`;
  }
  return openBreakers === 0
    ? ""
    : `open for ${countedText(openBreakers, "key")}; see \`dlq breakers\``;
}

function causeText({
  count,
  state,
  reason,
  quarantineReason,
}: QueueStats["counts"][number]): string {
  const cause = quarantineReasonName(quarantineReason);
  return `${countText(count)} ${stateName(state)} ${reasonName(reason)}${cause === "" ? "" : ` (${cause})`}`;
}
