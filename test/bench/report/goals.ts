// The goals: ratios and limits of measured rows.

import type { Cell } from "../cell.ts";
import type { SystemName } from "../systems/system.ts";
import { compact, markdown } from "./table.ts";

type Lookup = (row: string, system: SystemName, measure: string) => number | undefined;

interface Goal {
  readonly words: string;
  readonly bound: number;
  readonly better: "higher" | "lower";
  readonly unit: string;
  /** Undefined if a needed row was not measured. */
  value(look: Lookup): number | undefined;
}

const OURS = "dlq:always";

function ratio(
  words: string,
  bound: number,
  above: readonly [string, SystemName],
  below: readonly [string, SystemName],
  measure = "rate",
): Goal {
  return {
    words,
    bound,
    better: "higher",
    unit: "x",
    value(look) {
      const [a, b] = [look(...above, measure), look(...below, measure)];
      return a === undefined || b === undefined ? undefined : a / b;
    },
  };
}

function atMost(words: string, bound: number, unit: string, row: string, measure: string): Goal {
  return { words, bound, better: "lower", unit, value: (look) => look(row, OURS, measure) };
}

export const GOALS: readonly Goal[] = [
  ratio("unary send / no-op grpc-js", 0.6, ["send-unary", OURS], ["send-unary", "noop:grpc-js"]),
  ...(["always", "everysec"] as const).flatMap((fsync) => [
    ratio(
      `batch send / BullMQ addBulk, ${fsync}`,
      2,
      ["send-batch", `dlq:${fsync}`],
      ["send-batch", `bullmq:${fsync}`],
    ),
    ratio(
      `deliver + ack / BullMQ, ${fsync}`,
      2,
      ["deliver", `dlq:${fsync}`],
      ["deliver", `bullmq:${fsync}`],
    ),
    ratio(
      `deliver + ack / Asynq, ${fsync}`,
      4,
      ["deliver", `dlq:${fsync}`],
      ["deliver", `asynq:${fsync}`],
    ),
  ]),
  atMost("lateness at 1,000 a second, p50", 5, "ms", "lateness-1000", "p50"),
  atMost("lateness at 1,000 a second, p99", 20, "ms", "lateness-1000", "p99"),
  atMost("lateness at 10,000 a second, p99", 50, "ms", "lateness-10000", "p99"),
  {
    words: "lateness p99 over 1,000 queues / of one queue",
    bound: 1.5,
    better: "lower",
    unit: "x",
    value(look) {
      const many = look("lateness-1000-queues", OURS, "p99");
      const one = look("lateness-1000", OURS, "p99");
      return many === undefined || one === undefined ? undefined : many / one;
    },
  },
  atMost("Stats with many stored, p99", 10, "ms", "stored", "stats p99"),
  ratio("send with many stored / empty", 0.9, ["stored", OURS], ["empty", OURS], "send"),
  ratio("deliver with many stored / empty", 0.9, ["stored", OURS], ["empty", OURS], "deliver"),
  atMost("Redis memory a message beyond its payload", 500, "B", "stored", "memory"),
  {
    words: "a batch job's retries a second",
    bound: 20_000,
    better: "higher",
    unit: "msg/s",
    value: (look) => look("job-retry", OURS, "rate"),
  },
  atMost("CreateBatchJob", 100, "ms", "job-retry", "create"),
  {
    words: "deliver beside a batch job of 1,000 a second / alone",
    bound: 0.9,
    better: "higher",
    unit: "x",
    value: (look) => look("deliver-job", OURS, "ratio"),
  },
  atMost("1,000 idle queues with streams, server + redis", 2, "% of a core", "idle-1000", "cpu"),
  ratio("client's send / bare stubs", 0.85, ["send-coalesced", OURS], ["send-stubs", OURS]),
  ratio("client's worker / bare stubs", 0.85, ["deliver-client", OURS], ["deliver", OURS]),
];

export interface GoalResult {
  readonly goal: string;
  readonly bound: number;
  readonly better: "higher" | "lower";
  readonly value: number;
  readonly isMet: boolean;
}

/** Returns the goals whose rows were measured. */
export function goalResults(cells: readonly Cell[]): GoalResult[] {
  const look: Lookup = (row, system, measure) =>
    cells.find((cell) => cell.row === row && cell.system === system)?.figures?.[measure]?.median;
  return GOALS.flatMap((goal) => {
    const value = goal.value(look);
    if (value === undefined || Number.isNaN(value)) return [];
    const { words, bound, better, unit } = goal;
    const isMet = better === "higher" ? value >= bound : value <= bound;
    return [{ goal: words, bound, better, unit, value, isMet }];
  });
}

export function goalTable(results: readonly (GoalResult & { readonly unit?: string })[]): string {
  return markdown(
    ["goal", "wanted", "measured", ""],
    results.map(({ goal, bound, better, value, isMet, unit = "" }) => [
      goal,
      `${better === "higher" ? "≥" : "≤"} ${compact(bound)} ${unit}`,
      `${compact(value)} ${unit}`,
      isMet ? "met" : "not met",
    ]),
  );
}
