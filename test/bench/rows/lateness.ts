// How late messages come: stored before, due evenly spread over the sample, one worker.

import { consume, expectEmpty, fill } from "../consuming.ts";
import { P50, P99, type Row, type Trial, type TrialContext } from "../row.ts";
import type { SystemName } from "../systems/system.ts";
import { PAYLOAD_BYTES } from "./send.ts";
import { queueSequence } from "./shared.ts";

/** Storing must be over before the first is due: at this rate, with this much to spare. */
const STORED_PER_MS = 10;
const SPARE_MS = 300;

/** More than comes at once, so that no message waits for room. */
const HELD = 1_000;

const SYSTEMS: readonly SystemName[] = ["dlq:always", "bullmq:always", "asynq:always"];

export const latenesses: readonly Row[] = [100, 1_000, 10_000].map((rate) => ({
  name: `lateness-${rate}`,
  words: `lateness at ${rate.toLocaleString("en")} due a second`,
  measures: [P50, P99],
  systems: SYSTEMS,
  short: ["dlq:always"],
  open: (context) => openLateness(context, rate),
}));

async function openLateness({ system, scale }: TrialContext, rate: number): Promise<Trial> {
  const load = system.startLoad();
  const nextQueue = queueSequence();
  const count = Math.max(50, Math.round(rate * scale.seconds));
  let target = { queue: "", bytes: PAYLOAD_BYTES };
  return {
    async prepare() {
      target = { queue: nextQueue(), bytes: PAYLOAD_BYTES };
      const firstDueAtMs = Date.now() + SPARE_MS + count / STORED_PER_MS;
      await fill(load, target, count, { firstDueAtMs, dueRate: rate });
      if (Date.now() > firstDueAtMs) throw new Error("some were due before all were stored");
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
