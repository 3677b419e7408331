import type { Command } from "commander";
import {
  type Breaker,
  BreakerSchema,
  ResetBreakerResponseSchema,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { BreakerStateSchema } from "../../../../gen/dlq/v1/state_pb.ts";
import { addCommand, QUEUES_HELP, type WithRun } from "../command.ts";
import { type InQueue, inQueueJson } from "../output/in-queue.ts";
import { countText } from "../output/numbers.ts";
import type { Column } from "../output/table.ts";
import type { Times } from "../output/times.ts";
import { requireQueues } from "../reads/known-queues.ts";
import { queuesWith } from "../reads/stats.ts";
import type { Run } from "../run.ts";
import { shortName } from "../values/enum-names.ts";

type Row = InQueue<Breaker>;

/** Adds `breakers`: which are not closed, and how to close one. */
export function addBreakers(program: Command, withRun: WithRun): void {
  const breakers = program
    .command("breakers")
    .alias("breaker")
    .summary("List circuit breakers, or close one");
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
    run: async (run, _, names) => {
      await printBreakers(run, names);
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

async function printBreakers(run: Run, names: readonly string[]): Promise<void> {
  const { print } = run;
  await requireQueues(run, names);
  const rows: Row[] = [];
  for (const queue of await queuesWith(run, names, ({ openBreakers }) => openBreakers > 0)) {
    const { breakers } = await run.admin.listBreakers({ queue }, run.call);
    rows.push(...breakers.map((item) => ({ queue, item })));
  }
  const values = rows.map((row) => inQueueJson(BreakerSchema, row));
  if (print.items("breakers", values)) return;
  if (rows.length > 0) print.table(columns(print.times()), rows);
  else print.note("All breakers are closed.");
}

function columns(times: Times): Column<Row>[] {
  return [
    { title: "QUEUE", text: ({ queue }) => queue, least: 8 },
    { title: "KEY", text: ({ item }) => item.key || "-", least: 8 },
    {
      title: "STATE",
      text: ({ item }) => shortName(BreakerStateSchema, item.state),
      paint: (_, style) => style.bad,
    },
    { title: "SINCE", text: ({ item }) => times.age(item.openSince), align: "right" },
    { title: "NEXT PROBE", text: ({ item }) => times.distance(item.retryTime) },
    { title: "OPENED", text: ({ item }) => countText(item.openedCount), align: "right" },
  ];
}
