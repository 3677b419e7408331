import type { Command } from "commander";
import { type Worker, WorkerSchema } from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { addCommand, QUEUES_HELP, type WithRun } from "../command.ts";
import { type InQueue, inQueueJson } from "../output/in-queue.ts";
import { countText } from "../output/numbers.ts";
import type { Column } from "../output/table.ts";
import type { Times } from "../output/times.ts";
import { requireQueues } from "../reads/known-queues.ts";

type Row = InQueue<Worker>;

/** Adds `workers`: who holds messages, and for how long. */
export function addWorkers(program: Command, withRun: WithRun): void {
  addCommand(program, withRun, {
    usage: "workers [queues...]",
    summary: "List workers: how many messages each holds, and for how long",
    details: `${QUEUES_HELP} The worker with the oldest held message comes first. What a worker holds whose stream has ended comes back when the leases end, unless it still reports the outcomes.`,
    examples: [
      ["dlq workers", "workers of all queues"],
      ["dlq workers orders -o json", "for scripts"],
      [
        "dlq ls orders --state in_flight --before 10m",
        "what has been held for more than ten minutes",
      ],
    ],
    run: async (run, _, names) => {
      const { print } = run;
      await requireQueues(run, names);
      const rows: Row[] = [];
      for (const queue of names.length === 0 ? [""] : names) {
        const { workers } = await run.admin.listWorkers({ queue }, run.call);
        rows.push(...workers.map((item) => ({ queue: item.queue || queue, item })));
      }
      const values = rows.map((row) => inQueueJson(WorkerSchema, row));
      if (print.items("workers", values)) return;
      if (rows.length > 0) print.table(columns(print.times()), rows);
      else print.note("No worker has a stream open or holds a message.");
    },
  });
}

function columns(times: Times): Column<Row>[] {
  return [
    { title: "QUEUE", text: ({ queue }) => queue, least: 8 },
    {
      title: "WORKER",
      text: ({ item }) => item.workerId || "(unknown)",
      least: 10,
      paint: ({ item }, style) => (item.connected ? style.strong : style.warning),
    },
    { title: "HOLDS", text: ({ item }) => countText(item.inFlightCount), align: "right" },
    {
      title: "AT MOST",
      text: ({ item }) => (item.maxInFlight === 0 ? "" : countText(item.maxInFlight)),
      align: "right",
      from: 100,
    },
    { title: "OLDEST", text: ({ item }) => times.age(item.oldestDeliveryTime), align: "right" },
    {
      title: "STATE",
      text: ({ item }) => stateText(item),
      paint: ({ item }, style) => (item.quiet ? style.warning : (text) => text),
      from: 90,
    },
    { title: "SERVER", text: ({ item }) => item.server, least: 8, from: 120, isCutFirst: true },
    { title: "SESSION", text: ({ item }) => item.sessionId, from: 80 },
  ];
}

function stateText({ connected, quiet }: Worker): string {
  if (!connected) return "ended";
  return quiet ? "quiet" : "open";
}
