// Lateness: messages are stored first, become due evenly over the sample, and one worker receives them.

import { consume, expectEmpty, fill } from "../consuming.ts";
import { P50, P99, type Row, type Trial, type TrialContext } from "../row.ts";
import type { SystemName } from "../systems/system.ts";
import { PAYLOAD_BYTES } from "./send.ts";
import { queueSequence } from "./shared.ts";

/** Time for storing before the first message is due. It is doubled if too short. */
const HEAD_START_MS = 300;
const HEAD_START_MAX_MS = 60_000;

/** More than are due at once, so that no message waits for the worker. */
const HELD = 1_000;

const SYSTEMS: readonly SystemName[] = ["dlq:always", "bullmq:always", "asynq:always"];

export const latenesses: readonly Row[] = [100, 1_000, 10_000].map((rate) => ({
  name: `lateness-${rate}`,
  words: `lateness at ${rate.toLocaleString("en")} due per second`,
  measures: [P50, P99],
  systems: SYSTEMS,
  short: ["dlq:always"],
  open: (context) => openLateness(context, rate, 1),
}));

const MANY_QUEUES = 1_000;

export const latenessOfMany: Row = {
  name: "lateness-1000-queues",
  words: "lateness at 1,000 due per second, over 1,000 queues",
  measures: [P50, P99],
  systems: ["dlq:always"],
  short: [],
  open: (context) => openLateness(context, 1_000, MANY_QUEUES),
};

async function openLateness(
  { system, scale }: TrialContext,
  rate: number,
  queues: number,
): Promise<Trial> {
  const load = system.startLoad();
  const nextQueue = queueSequence();
  const count = Math.max(50, Math.round(rate * scale.seconds));
  let target = { queue: "", queues, bytes: PAYLOAD_BYTES };
  let headStartMs = HEAD_START_MS;
  /** Returns whether all were stored before the first was due. */
  const store = async () => {
    target = { ...target, queue: nextQueue() };
    const firstDueAtMs = Date.now() + headStartMs;
    await fill(load, target, count, { firstDueAtMs, dueRate: rate });
    return Date.now() <= firstDueAtMs;
  };
  return {
    async prepare() {
      while (!(await store())) {
        headStartMs *= 2;
        if (headStartMs > HEAD_START_MAX_MS) throw new Error("storing takes longer than waiting");
      }
    },
    async sample() {
      const command = { ...target, inFlight: HELD, outcome: "succeed", lateness: true } as const;
      const [result] = await consume([load], command, count);
      const { p50Ms = Number.NaN, p99Ms = Number.NaN } = result ?? {};
      return { figures: { p50: p50Ms, p99: p99Ms }, messages: count };
    },
    check: () => expectEmpty(load, target),
  };
}
