// A load process for BullMQ: `node load.mjs SOCKET`, with the unix socket of its Redis.

import { Queue, Worker } from "bullmq";
import { closedLoop } from "../../load/closed-loop.ts";
import { payloadText, queueNames } from "../../load/commands.ts";
import { serveCommands } from "../../load/serve-commands.ts";
import { nowMs, Tally } from "../../load/tally.ts";

const path = process.argv[2];
const HOUR_MS = 3_600_000;

/** @type {Map<string, Queue>} */
const queues = new Map();
/** @param {string} name */
function queueOf(name) {
  const known = queues.get(name);
  if (known !== undefined) return known;
  const queue = new Queue(name, { connection: { path } });
  queues.set(name, queue);
  return queue;
}

serveCommands({
  send(command) {
    const names = queueNames(command);
    const text = payloadText(command.bytes);
    const { firstDueAtMs, dueRate = 1_000 } = command;
    /** @param {number} index */
    const job = (index) => {
      const dueAtMs = firstDueAtMs === undefined ? 0 : firstDueAtMs + (index * 1_000) / dueRate;
      return {
        name: "message",
        data: { text, ...(dueAtMs > 0 && { dueAtMs }) },
        opts: {
          removeOnComplete: true,
          ...(command.mayFail && { attempts: 5, backoff: { type: "fixed", delay: HOUR_MS } }),
          ...(dueAtMs > 0 && { delay: Math.max(0, Math.round(dueAtMs - Date.now())) }),
        },
      };
    };
    return closedLoop(command, async (at, size) => {
      const queue = queueOf(names[Math.floor(at / size) % names.length]);
      if (size === 1) {
        const { name, data, opts } = job(at);
        return await queue.add(name, data, opts);
      }
      const added = await queue.addBulk(Array.from({ length: size }, (_, i) => job(at + i)));
      if (added.length !== size) throw new Error(`${added.length} of ${size} jobs were added`);
    });
  },

  async consume(command, { stop, done }) {
    const tally = new Tally();
    const ended = () => {
      tally.add(1);
      done(1);
    };
    const workers = queueNames(command).map((name) => {
      const worker = new Worker(
        name,
        async ({ data }) => {
          if (command.lateness) tally.took(nowMs() - data.dueAtMs);
          if (command.outcome === "fail") throw new Error("still down");
        },
        { connection: { path }, concurrency: command.inFlight },
      );
      worker.on("completed", ended);
      worker.on("failed", ended);
      worker.on("error", () => {}); // a lost job is missing in the count
      return worker;
    });
    await new Promise((resolve) => stop.addEventListener("abort", resolve));
    await Promise.all(workers.map((worker) => worker.close(true)));
    return tally.result();
  },

  async left(command) {
    const counts = await Promise.all(
      queueNames(command).map((name) =>
        queueOf(name).getJobCounts("wait", "active", "prioritized"),
      ),
    );
    const all = counts.flatMap((count) => Object.values(count));
    return { count: all.reduce((sum, count) => sum + count, 0) };
  },
});
