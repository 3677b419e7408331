// Sending, with a call for each message and in batches of 100.

import { DEADLINE_MS } from "../consuming.ts";
import type { Api, Content } from "../load/commands.ts";
import { sendByGhz } from "../load/ghz.ts";
import type { LoadProcess } from "../load/load-process.ts";
import { P50, P99, RATE, type Row, type Trial, type TrialContext } from "../row.ts";
import type { LoadProgram } from "../systems/system.ts";
import { countLoad, queueSequence } from "./shared.ts";

export const PAYLOAD_BYTES = 256;
const UNARY_IN_FLIGHT = 50;
const BATCH = 100;
const BATCHES_IN_FLIGHT = 4;

export const sendUnary: Row = {
  name: "send-unary",
  words: "send, a call for each message, 50 callers",
  measures: [RATE, P50, P99],
  systems: [
    "dlq:always",
    "dlq:everysec",
    "dlq:always+nats",
    "dlq:always+stream",
    "noop:grpc-js",
    "noop:connect",
    "noop:http2",
    "bullmq:always",
    "bullmq:everysec",
    "asynq:always",
    "asynq:everysec",
    "jetstream:always",
    "jetstream:default",
  ],
  short: [
    "dlq:always",
    "noop:grpc-js",
    "noop:connect",
    "noop:http2",
    "bullmq:always",
    "asynq:always",
  ],
  tools: ["ghz"],
  async open(context) {
    const isGrpc = context.system.grpcAddresses.length > 0;
    return isGrpc ? openByGhz(context) : openSend(context, { batch: 1, inFlight: UNARY_IN_FLIGHT });
  },
};

export const sendBatch: Row = {
  name: "send-batch",
  words: "send, batches of 100, 4 in flight",
  measures: [RATE, P50, P99],
  systems: [
    "dlq:always",
    "dlq:everysec",
    "dlq:always+nats",
    "dlq:always+stream",
    "dlq-2:everysec",
    "bullmq:always",
    "bullmq:everysec",
  ],
  short: ["dlq:always", "dlq:everysec", "bullmq:always", "bullmq:everysec"],
  open: (context) => openSend(context, { batch: BATCH, inFlight: BATCHES_IN_FLIGHT }),
};

async function openByGhz({ system, scale }: TrialContext): Promise<Trial> {
  const [address = ""] = system.grpcAddresses;
  const nextQueue = queueSequence();
  const isReal = system.name.startsWith("dlq");
  const load = isReal ? system.startLoad() : undefined;
  let queue = "";
  let expected = 0;
  return {
    async sample() {
      queue = nextQueue();
      const options = { address, queue, bytes: PAYLOAD_BYTES, seconds: scale.seconds };
      const { count, rate, p50Ms, p99Ms } = await sendByGhz(options);
      expected = count;
      return { figures: { rate, p50: p50Ms, p99: p99Ms }, messages: count };
    },
    async check() {
      if (load !== undefined) await expectStored(load, queue, expected);
    },
  };
}

export interface SendOptions {
  readonly batch: number;
  readonly inFlight: number;
  readonly bytes?: number;
  readonly queues?: number;
  readonly content?: Content;
  readonly api?: Api;
  readonly program?: LoadProgram;
}

/** Sends as fast as possible with a load process of the system. */
export async function openSend(
  { system, scale }: TrialContext,
  options: SendOptions,
): Promise<Trial> {
  const { bytes = PAYLOAD_BYTES, queues = 1, program, ...calls } = options;
  const load = system.startLoad(program);
  const nextQueue = queueSequence();
  const sized = { bytes, queues };
  let queue = "";
  let expected = 0;
  return {
    async sample() {
      queue = nextQueue();
      const { seconds } = scale;
      const command = { op: "send", queue, seconds, ...calls, ...sized } as const;
      const result = await load.run(command, DEADLINE_MS);
      expected = result.count;
      return countLoad([result]);
    },
    check: () => expectStored(load, queue, expected, sized.queues),
  };
}

async function expectStored(load: LoadProcess, queue: string, expected: number, queues = 1) {
  const { count } = await load.run({ op: "left", queue, queues, bytes: 0 }, DEADLINE_MS);
  if (count !== expected) throw new Error(`${count} of ${expected} sent messages are in ${queue}`);
}
