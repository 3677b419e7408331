// Delivery: workers empty a full queue.

import { type Consume, consume, expectEmpty, fill } from "../consuming.ts";
import type { Api, SendCommand } from "../load/commands.ts";
import { RATE, type Row, type Sample, type Trial, type TrialContext } from "../row.ts";
import type { LoadProgram, SystemName } from "../systems/system.ts";
import { PAYLOAD_BYTES } from "./send.ts";
import { countLoad, queueSequence } from "./shared.ts";

/** Concurrency of one worker of BullMQ or Asynq. */
export const HELD = 200;
/** A worker of this service also prefetches the same number, like the TypeScript client by default. */
const HELD_WITH_PREFETCH = 2 * HELD;

/** Approximate messages for one second of a sample. Much slower and faster systems have their own numbers. */
const PER_SECOND = 20_000;
const PER_SECOND_OF: Partial<Record<SystemName, number>> = {
  "asynq:always": 5_000,
  "jetstream:always": 5_000,
  "jetstream:default": 100_000,
};

const ALL = [
  "dlq:always",
  "dlq:everysec",
  "bullmq:always",
  "bullmq:everysec",
  "asynq:always",
  "asynq:everysec",
] as const;
const WITH_EVENTS = ["dlq:always+nats", "dlq:always+stream"] as const;
const JETSTREAM = ["jetstream:always", "jetstream:default"] as const;

export const deliver: Row = {
  name: "deliver",
  words: "deliver + ack, 1 worker",
  measures: [RATE],
  systems: [...ALL, ...WITH_EVENTS, ...JETSTREAM],
  short: ALL,
  open: async (context) => openDeliver(context, { processes: 1 }),
};

export const deliverBy4: Row = {
  name: "deliver-4",
  words: "deliver + ack, 4 workers, each a process",
  measures: [RATE],
  systems: [...ALL, "dlq-2:everysec", ...JETSTREAM],
  short: [],
  open: async (context) => openDeliver(context, { processes: 4 }),
};

export const reschedule: Row = {
  name: "fail",
  words: "deliver, fail + reschedule, 1 worker",
  measures: [RATE],
  systems: [...ALL, ...WITH_EVENTS],
  short: ["dlq:always", "bullmq:always", "asynq:always"],
  open: async (context) => openDeliver(context, { processes: 1, outcome: "fail" }),
};

export interface DeliverOptions {
  readonly processes: number;
  readonly outcome?: Consume["outcome"];
  /** Streams of each process. */
  readonly workers?: number;
  readonly queues?: number;
  readonly bytes?: number;
  readonly count?: number;
  /** How to fill the queue if 100 messages do not fit in a call. */
  readonly calls?: Pick<SendCommand, "batch" | "inFlight" | "content">;
  readonly held?: number;
  readonly api?: Api;
  readonly program?: LoadProgram;
  /** Approximate messages for one second of a sample. */
  readonly perSecond?: number;
}

export async function openDeliver(
  { system, scale }: TrialContext,
  options: DeliverOptions,
): Promise<Trial> {
  const { processes, outcome = "succeed", workers = 1 } = options;
  const loads = Array.from({ length: processes }, () => system.startLoad(options.program));
  const [first] = loads;
  if (first === undefined) throw new Error("a worker needs a process");
  const nextQueue = queueSequence();
  const perSecond = options.perSecond ?? PER_SECOND_OF[system.name] ?? PER_SECOND;
  const total = options.count ?? Math.max(200, Math.round(perSecond * scale.seconds));
  const sized = { bytes: options.bytes ?? PAYLOAD_BYTES, queues: options.queues ?? 1 };
  let target = { queue: "", ...sized };
  return {
    async prepare() {
      target = { queue: nextQueue(), ...sized };
      await fill(first, target, total, { mayFail: outcome === "fail", ...options.calls });
    },
    async sample(): Promise<Sample> {
      const own = system.name.startsWith("dlq") ? HELD_WITH_PREFETCH : HELD;
      const { held = own, api = "stubs" } = options;
      const command = { ...target, inFlight: held, workers, outcome, api };
      return countLoad(await consume(loads, command, total));
    },
    check: () => expectEmpty(first, target),
  };
}
