import { toJson } from "@bufbuild/protobuf";
import type { Command } from "commander";
import { type Worker, WorkerSchema } from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { addCommand, QUEUES_HELP, type WithRun } from "../command.ts";
import { countText } from "../output/numbers.ts";
import type { Column } from "../output/table.ts";
import type { Times } from "../output/times.ts";
import { readStats } from "../reads/stats.ts";
import type { Run } from "../run.ts";
import { isPattern } from "../values/pattern.ts";

interface Row {
  readonly queue: string;
  readonly worker: Worker;
}

/** Adds `workers`: who holds messages, and for how long. */
export function addWorkers(program: Command, withRun: WithRun): void {
  addCommand(program, withRun, {
    usage: "workers [queues...]",
    summary: "List workers: how many messages each holds, and for how long",
    details: `${QUEUES_HELP} In each queue the worker with the oldest held message comes first. What a worker holds whose stream has ended comes back when the leases end, unless it still reports the outcomes.`,
    examples: [
      ["dlq workers", "workers of all queues"],
      ["dlq workers orders -o json", "for scripts"],
      [
        "dlq ls orders --state in_flight --before 10m",
        "what has been held for more than ten minutes",
      ],
    ],
    run: async (run, _, patterns) => {
      const { print } = run;
      const rows: Row[] = [];
      for (const queue of await queuesWithWorkers(run, patterns)) {
        const { workers } = await run.admin.listWorkers({ queue }, run.call);
        rows.push(...workers.map((worker) => ({ queue, worker })));
      }
      if (print.isTable) {
        if (rows.length > 0) print.table(columns(print.times()), rows);
        else print.note("No worker has a stream open or holds a message.");
        return;
      }
      const values = rows.map(({ queue, worker }) => ({ queue, ...jsonOf(worker) }));
      if (print.format === "json") print.json({ workers: values });
      else for (const value of values) print.json(value);
    },
  });
}

async function queuesWithWorkers(
  run: Run,
  patterns: readonly string[],
): Promise<readonly string[]> {
  if (patterns.length > 0 && !patterns.some(isPattern)) return patterns;
  const { queues } = await readStats(run, patterns);
  return queues
    .filter(({ workers, inFlight }) => workers > 0 || inFlight > 0n)
    .map(({ queue }) => queue);
}

function jsonOf(worker: Worker): Record<string, unknown> {
  const json = toJson(WorkerSchema, worker);
  return typeof json === "object" && json !== null ? { ...json } : {};
}

function columns(times: Times): Column<Row>[] {
  return [
    { title: "QUEUE", text: ({ queue }) => queue, least: 8 },
    {
      title: "WORKER",
      text: ({ worker }) => worker.workerId || "(unknown)",
      least: 10,
      paint: ({ worker }, style) => (worker.connected ? style.strong : style.warning),
    },
    { title: "HOLDS", text: ({ worker }) => countText(worker.inFlightCount), align: "right" },
    {
      title: "AT MOST",
      text: ({ worker }) => (worker.maxInFlight === 0 ? "" : countText(worker.maxInFlight)),
      align: "right",
      from: 70,
    },
    { title: "OLDEST", text: ({ worker }) => times.age(worker.oldestDeliveryTime), align: "right" },
    {
      title: "STATE",
      text: ({ worker }) => stateText(worker),
      paint: ({ worker }, style) => (worker.quiet ? style.warning : (text) => text),
      from: 90,
    },
    { title: "SERVER", text: ({ worker }) => worker.server, least: 8 },
    { title: "SESSION", text: ({ worker }) => worker.sessionId, least: 8, from: 120 },
  ];
}

function stateText({ connected, quiet }: Worker): string {
  if (!connected) return "ended";
  return quiet ? "quiet" : "open";
}
