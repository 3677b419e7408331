// The cost of a backlog: the same steps on an empty queue and on one with many messages, all due tomorrow or later.

import { consume, DEADLINE_MS, expectEmpty, fill, rateOf } from "../consuming.ts";
import type { Row, Trial, TrialContext } from "../row.ts";
import { HELD } from "./deliver.ts";
import { PAYLOAD_BYTES } from "./send.ts";

const DAY_MS = 86_400_000;
const SENT_PER_SECOND = 10_000;
const DELIVERED_PER_SECOND = 10_000;
const WARM_UP_PER_SECOND = 80_000;
const STATS_CALLS = 200;

const measures = [
  { name: "stats p50", unit: "ms", better: "lower" },
  { name: "stats p99", unit: "ms", better: "lower" },
  { name: "send", unit: "msg/s", better: "higher" },
  { name: "deliver", unit: "msg/s", better: "higher" },
] as const;

export const empty: Row = {
  name: "empty",
  words: "Stats, send in batches of 100 and deliver + ack, nothing stored",
  measures,
  systems: ["dlq:always"],
  open: (context) => openStored(context, 0),
};

export const stored: Row = {
  name: "stored",
  words: "the same with many stored messages; Redis memory of each beyond its payload",
  measures: [...measures, { name: "memory", unit: "B a message", better: "lower" }],
  systems: ["dlq:always"],
  open: (context) => openStored(context, context.scale.stored),
};

async function openStored({ system, scale }: TrialContext, count: number): Promise<Trial> {
  const load = system.startLoad();
  const target = { queue: "stored", bytes: PAYLOAD_BYTES };
  const later = () => ({ firstDueAtMs: Date.now() + DAY_MS, dueRate: 1_000 });
  // Both rows start with the same work, so that both servers are equally compiled, and one-time allocations of Redis do not
  // count for the messages.
  const warm = { ...target, queue: "warm" };
  const warmUps = Math.round(WARM_UP_PER_SECOND * scale.seconds);
  await fill(load, warm, warmUps);
  await consume([load], { ...warm, inFlight: HELD, outcome: "succeed" }, warmUps);
  await fill(load, target, 1_000, later());
  const before = await usedMemory(system.redis);
  if (count > 0) await fill(load, target, count, later());
  const used = (await usedMemory(system.redis)) - before;
  const memory = count === 0 ? {} : { memory: used / count - PAYLOAD_BYTES };

  return {
    async sample() {
      const calls = { op: "stats", ...target, count: STATS_CALLS } as const;
      const { p50Ms = Number.NaN, p99Ms = Number.NaN } = await load.run(calls, DEADLINE_MS);
      const send = await load.run(
        {
          ...{ op: "send", ...target, ...later(), batch: 100, inFlight: 4 },
          count: Math.round(SENT_PER_SECOND * scale.seconds),
        },
        DEADLINE_MS,
      );
      const due = Math.round(DELIVERED_PER_SECOND * scale.seconds);
      await fill(load, target, due);
      const delivered = await consume(
        [load],
        { ...target, inFlight: HELD, outcome: "succeed" },
        due,
      );
      const figures = {
        ...memory,
        "stats p50": p50Ms,
        "stats p99": p99Ms,
        send: rateOf([send]),
        deliver: rateOf(delivered),
      };
      return { figures, messages: 0 };
    },
    check: () => expectEmpty(load, target),
  };
}

/** Memory of Redis without the outboxes, which are bounded. */
async function usedMemory(redis: TrialContext["system"]["redis"]): Promise<number> {
  const info = await redis("INFO", "memory");
  const used = Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
  const outboxes = (await redis("KEYS", "*/outbox")).split("\n").filter((key) => key !== "");
  const sizes = await Promise.all(
    outboxes.map((key) => redis("MEMORY", "USAGE", key, "SAMPLES", "0")),
  );
  return used - sizes.reduce((sum, size) => sum + Number(size), 0);
}
