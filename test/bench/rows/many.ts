// Many queues, many streams.

import { setTimeout as delay } from "node:timers/promises";
import { consume, DEADLINE_MS, fill } from "../consuming.ts";
import { usageOf } from "../meter.ts";
import { RATE, type Row, type Trial, type TrialContext } from "../row.ts";
import { openDeliver } from "./deliver.ts";
import { openSend } from "./send.ts";

const OURS = ["dlq:always"] as const;
const MANY_QUEUES = 1_000;
const MANY_STREAMS = 200;
const STREAMS_OF_IDLE_QUEUES = 50;

/** Long enough to measure a hundredth of a core in ticks of 10 ms. */
const IDLE_SAMPLE_MS = 3_000;

export const sendToMany: Row = {
  name: "send-1000-queues",
  words: "send, batches of 100, over 1,000 queues",
  measures: [RATE],
  systems: OURS,
  short: [],
  open: (context) => openSend(context, { batch: 100, inFlight: 4, queues: MANY_QUEUES }),
};

export const deliverFromMany: Row = {
  name: "deliver-1000-queues",
  words: "deliver + ack, 1 worker of 1,000 queues",
  measures: [RATE],
  systems: OURS,
  short: [],
  open: async (context) => openDeliver(context, { processes: 1, queues: MANY_QUEUES }),
};

export const deliverToMany: Row = {
  name: "deliver-200-streams",
  words: "deliver + ack, 200 streams of one queue",
  measures: [RATE],
  systems: OURS,
  short: [],
  open: async (context) => openDeliver(context, { processes: 1, workers: MANY_STREAMS, held: 16 }),
};

export const idle: Row = {
  name: "idle-1000",
  words: "1,000 queues without messages, under 50 streams",
  measures: [{ name: "cpu", unit: "% of a core", better: "lower" }],
  systems: OURS,
  warmUps: 1,
  open: openIdle,
};

async function openIdle({ system }: TrialContext): Promise<Trial> {
  const load = system.startLoad();
  const target = { queue: "idle", queues: MANY_QUEUES, bytes: 64 };
  await fill(load, target, MANY_QUEUES);
  await consume([load], { ...target, inFlight: 200, outcome: "succeed" }, MANY_QUEUES);
  const opened = Promise.withResolvers<void>();
  load
    .run({ op: "hold", ...target, workers: STREAMS_OF_IDLE_QUEUES }, DEADLINE_MS, (count) => {
      if (count === STREAMS_OF_IDLE_QUEUES) opened.resolve();
    })
    .catch(opened.reject); // after that, the end of the command ends the trial
  await opened.promise;
  const cpuMs = () => {
    const { server, redis } = usageOf(system.pids());
    return (server?.cpuMs ?? 0) + (redis?.cpuMs ?? 0);
  };
  return {
    async sample() {
      const before = cpuMs();
      const startedAtMs = performance.now();
      await delay(IDLE_SAMPLE_MS);
      const share = (cpuMs() - before) / (performance.now() - startedAtMs);
      return { figures: { cpu: share * 100 }, messages: 0 };
    },
  };
}
