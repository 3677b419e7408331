import type { Command } from "commander";
import {
  type Delivery,
  release,
  type SettledDelivery,
  type Worker,
  type WorkerOptions,
} from "../../../typescript/src/index.ts";
import { addCommand, repeatedOption, type WithRun } from "../command.ts";
import { usageError } from "../errors.ts";
import { escaped } from "../output/escape.ts";
import { durationText } from "../output/times.ts";
import { waitingNote } from "../reads/known-queues.ts";
import type { Run } from "../run.ts";
import { parseCount, parseDuration } from "../values/duration.ts";
import { CommandRunner, NotRunnableError } from "../worker/command-runner.ts";
import { HANDLER_EXITS } from "../worker/exit-outcome.ts";

interface Options {
  readonly queue?: readonly string[];
  readonly concurrency: number;
  readonly limit?: number;
  readonly lease?: string;
  readonly drainTimeout: string;
  readonly workerId?: string;
}

const EXITS = HANDLER_EXITS.map(({ code, what }) => `  ${String(code).padEnd(5)} ${what}`).join(
  "\n",
);

/** Adds `work`: runs a command for each due message. */
export function addWork(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "work <queue> <command> [arguments...]",
    summary: "Run a command for each due message; its exit code is the outcome",
    details: `The payload is the command's stdin. The message is in variables such as DLQ_MESSAGE_ID, DLQ_MESSAGE_QUEUE and DLQ_MESSAGE_ATTEMPT. Exit codes of the command:\n\n${EXITS}\n  other fails; the last lines of stderr are the failure\n\nCtrl-C waits for running commands, then gives back what is left. A second Ctrl-C kills them.`,
    examples: [
      ["dlq work orders -- ./handle-order --verbose", "one command for each message"],
      [
        "dlq work orders --concurrency 8 -- sh -c 'curl -fsS -d @- https://hooks.example'",
        "eight at a time",
      ],
      ["dlq work orders --limit 1 -- cat", "one message, then end"],
    ],
    options: (command) =>
      command
        .option("-q, --queue <queue>", "a further queue; repeatable", repeatedOption)
        .option("-c, --concurrency <count>", "most commands at a time", parseCount(1, 10_000), 4)
        .option("-n, --limit <count>", "end after so many messages", parseCount(1))
        .option(
          "--lease <duration>",
          "lease of a message; it is extended while the command runs [the queue's]",
        )
        .option("--drain-timeout <duration>", "how long Ctrl-C waits for commands", "30s")
        .option("--worker-id <name>", "name in logs and in `dlq workers` [host and process]"),
    run: async (run, options, [queue = "", command = "", ...args]) => {
      await work(run, [queue, ...(options.queue ?? [])], [command, ...args], options);
    },
  });
}

async function work(
  run: Run,
  queues: readonly string[],
  command: readonly string[],
  options: Options,
): Promise<void> {
  const { limit = Infinity, concurrency, lease, workerId } = options;
  // A wrong address, token or name ends it at once. Later the worker waits for the server.
  await run.dlq.stats({ queues: [...queues] }, run.call);
  for (const queue of queues) run.print.notes([await waitingNote(run, queue)]);
  const runner = new CommandRunner(command, run.io, run.print.isTable);
  let started = 0;
  let failure: NotRunnableError | undefined;
  /** Messages beyond the limit, which are given back. */
  const beyond = new Set<string>();
  const worker = startWorker(run, {
    queues,
    concurrency: Math.min(concurrency, limit),
    prefetch: 0, // other workers can have what waits
    drainTimeoutMs: parseDuration(options.drainTimeout),
    ...(lease === undefined ? {} : { leaseDurationMs: parseDuration(lease) }),
    ...(workerId === undefined ? {} : { workerId }),
    handler: async (delivery) => {
      if (started >= limit || failure !== undefined) {
        beyond.add(delivery.id);
        return release();
      }
      started++;
      if (started >= limit) void worker.stop(Infinity); // takes no more, and waits for what runs
      try {
        return await runner.run(delivery);
      } catch (error) {
        if (!(error instanceof NotRunnableError)) throw error;
        // No message is to blame: it goes back, and work ends.
        failure ??= error;
        beyond.add(delivery.id);
        void worker.stop();
        return release();
      }
    },
    onSettled: (delivery, result) => {
      if (!beyond.has(delivery.id)) printOutcome(run, delivery, result);
    },
  });
  const stop = () => void worker.stop();
  if (run.signal.aborted) stop();
  run.signal.addEventListener("abort", stop);
  try {
    await worker.done;
  } finally {
    run.signal.removeEventListener("abort", stop);
    runner.killAll();
  }
  if (failure !== undefined)
    throw usageError(failure.message, "check the name of the command and its rights");
}

/** @throws {CliError} for a wrong option */
function startWorker({ client }: Run, options: WorkerOptions): Worker {
  try {
    return client.worker(options);
  } catch (error) {
    if (error instanceof TypeError) throw usageError(`work cannot start: ${error.message}`);
    throw error;
  }
}

function printOutcome({ print }: Run, delivery: Delivery, result: SettledDelivery): void {
  const { id, queue, attempt } = delivery;
  const { outcome, durationMs, state, dueTime, quarantineReason, error } = result;
  if (!print.isTable) {
    const due = dueTime === undefined ? {} : { dueTime: dueTime.toISOString() };
    const why = error instanceof Error ? { failure: error.message } : {};
    print.jsonLine({
      id,
      queue,
      attempt,
      outcome,
      state,
      ...due,
      quarantineReason,
      durationMs: Math.round(durationMs),
      ...why,
    });
    return;
  }
  const next =
    state === "QUARANTINED"
      ? `, quarantined: ${quarantineReason ?? ""}`
      : dueTime === undefined
        ? ""
        : `, due in ${durationText(Math.max(0, dueTime.getTime() - Date.now()))}`;
  print.note(`${id} ${escaped(queue)} ${outcome} in ${durationText(durationMs)}${next}`);
}
