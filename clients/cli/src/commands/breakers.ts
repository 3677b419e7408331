import { toJson } from "@bufbuild/protobuf";
import type { Command } from "commander";
import {
  type Breaker,
  BreakerSchema,
  ResetBreakerResponseSchema,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { BreakerStateSchema } from "../../../../gen/dlq/v1/state_pb.ts";
import { addCommand, QUEUES_HELP, type WithRun } from "../command.ts";
import { countText } from "../output/numbers.ts";
import type { Column } from "../output/table.ts";
import type { Times } from "../output/times.ts";
import { readStats } from "../reads/stats.ts";
import type { Run } from "../run.ts";
import { shortName } from "../values/enum-names.ts";
import { isPattern } from "../values/pattern.ts";

interface Row {
  readonly queue: string;
  readonly breaker: Breaker;
}

/** Adds `breakers`: which are not closed, and how to close one. */
export function addBreakers(program: Command, withRun: WithRun): void {
  const breakers = program.command("breakers").summary("List circuit breakers, or close one");
  breakers.description("Lists circuit breakers that are not closed, or closes one.");
  addCommand(breakers, withRun, {
    usage: "list [queues...]",
    isDefault: true,
    summary: "List breakers that are not closed",
    details: QUEUES_HELP,
    examples: [
      ["dlq breakers", "of all queues"],
      ["dlq breakers list orders", "of one queue"],
    ],
    run: async (run, _, patterns) => {
      await printBreakers(run, patterns);
    },
  });
  addCommand<{ readonly key?: string }>(breakers, withRun, {
    usage: "reset <queue>",
    summary: "Close a breaker and clear its counts",
    examples: [
      ["dlq breakers reset orders", "the breaker of a queue"],
      ["dlq breakers reset orders --key acme", "the breaker of a key"],
    ],
    options: (command) => command.option("--key <key>", "the key, for breakers by key"),
    run: async (run, { key = "" }, [queue = ""]) => {
      const { print } = run;
      const answer = await run.admin.resetBreaker({ queue, key }, run.call);
      if (!print.isTable) print.message(ResetBreakerResponseSchema, answer);
      else print.lines([answer.wasOpen ? "Closed." : "It was closed already."]);
    },
  });
}

async function printBreakers(run: Run, patterns: readonly string[]): Promise<void> {
  const { print } = run;
  const rows: Row[] = [];
  for (const queue of await queuesWithBreakers(run, patterns)) {
    const { breakers } = await run.admin.listBreakers({ queue }, run.call);
    rows.push(...breakers.map((breaker) => ({ queue, breaker })));
  }
  if (print.isTable) {
    if (rows.length > 0) print.table(columns(print.times()), rows);
    else print.note("All breakers are closed.");
    return;
  }
  const values = rows.map(({ queue, breaker }) => {
    const json = toJson(BreakerSchema, breaker);
    return { queue, ...(typeof json === "object" && json !== null ? json : {}) };
  });
  if (print.format === "json") print.json({ breakers: values });
  else for (const value of values) print.json(value);
}

async function queuesWithBreakers(
  run: Run,
  patterns: readonly string[],
): Promise<readonly string[]> {
  if (patterns.length > 0 && !patterns.some(isPattern)) return patterns;
  const { queues } = await readStats(run, patterns);
  return queues.filter(({ openBreakers }) => openBreakers > 0).map(({ queue }) => queue);
}

function columns(times: Times): Column<Row>[] {
  return [
    { title: "QUEUE", text: ({ queue }) => queue, least: 8 },
    { title: "KEY", text: ({ breaker }) => breaker.key || "-", least: 8 },
    {
      title: "STATE",
      text: ({ breaker }) => shortName(BreakerStateSchema, breaker.state),
      paint: (_, style) => style.bad,
    },
    { title: "SINCE", text: ({ breaker }) => times.age(breaker.openSince), align: "right" },
    { title: "NEXT PROBE", text: ({ breaker }) => times.distance(breaker.retryTime) },
    { title: "OPENED", text: ({ breaker }) => countText(breaker.openedCount), align: "right" },
  ];
}
