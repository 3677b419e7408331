// A soak: one server with an embedded Redis, a load, and a sample every few seconds.

import type { Redis } from "ioredis";
import type { QueueStats } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { connectTo } from "../support/grpc.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { Actor } from "./actors/actor.ts";
import { NOTHING, type Totals } from "./actors/protocol.ts";
import { LOSING_QUEUE, QUEUE } from "./fate.ts";
import { LatenessProbe } from "./lateness-probe.ts";
import { answersBytes, connectToRedis, redisFigures } from "./redis-figures.ts";
import { type Sample, takeSample } from "./sample.ts";

/** Short times, so that windows fill during the warm-up and connections end often. */
const SETTINGS = {
  DLQ_DEDUP_WINDOW: "2s",
  DLQ_POISON_WINDOW: "2s",
  DLQ_OUTBOX_MAX: "16KiB",
  DLQ_MAX_CONNECTION_AGE: "20s",
};
const CHECK_EVERY_MS = 250;
/** Wait before measuring: streams open, and the windows above fill. */
const SETTLE_MS = 3_000;
/** Limit for the end of all messages. */
const DRAIN_MS = 180_000;

/** The state after all messages have ended. Counters are those of the service without the lateness probe. */
export interface Ending {
  readonly totals: Totals;
  readonly accepted: number;
  readonly succeeded: number;
  readonly lateness: {
    readonly measurements: number;
    readonly failures: number;
    readonly lastError: string;
  };
  readonly redisUsedBytes: number;
  readonly redisDataBytes: number;
  readonly redisOverheadBytes: number;
  readonly redisAnswersBytes: number;
}

export class Soak {
  readonly server: TestServer;
  readonly #redis: Redis;
  readonly #producer: Actor;
  readonly #consumer: Actor;
  #probe: LatenessProbe | undefined;

  private constructor(server: TestServer, redis: Redis) {
    this.server = server;
    this.#redis = redis;
    this.#producer = new Actor("producer", server.grpcAddress);
    this.#consumer = new Actor("consumer", server.grpcAddress);
  }

  static async start(): Promise<Soak> {
    const server = await startTestServer({ env: SETTINGS });
    try {
      return new Soak(server, await connectToRedis(server.dataDir));
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Measures how many messages per second end while producers send as fast as they can. */
  async maxRate(seconds: number, signal: AbortSignal): Promise<number> {
    await this.#begin("most", signal);
    const before = this.#totals().succeeded;
    const beganAt = performance.now();
    await this.#wait(seconds * 1_000, signal);
    const rate = ((this.#totals().succeeded - before) * 1_000) / (performance.now() - beganAt);
    await this.#producer.stop();
    await this.#untilEmpty();
    return rate;
  }

  /** Sends at a rate, and takes a sample every `everyMs`. */
  async run(
    rate: number,
    count: number,
    everyMs: number,
    signal: AbortSignal,
    onSample: (sample: Sample, last: Sample | undefined) => void,
  ): Promise<Sample[]> {
    await this.#begin(rate, signal);
    const probe = new LatenessProbe(this.server.grpcAddress, Math.min(4, everyMs / 1_000));
    this.#probe = probe;
    const samples: Sample[] = [];
    const beganAt = performance.now();
    const of = {
      server: this.server,
      redis: this.#redis,
      actors: [this.#producer.pid, this.#consumer.pid],
      totals: () => this.#totals(),
      sessions: () => this.#consumer.totals.sessions + probe.sessions,
      takeLateness: () => probe.take(),
    };
    while (samples.length < count) {
      const dueAt = beganAt + (samples.length + 1) * everyMs;
      await this.#wait(Math.max(0, dueAt - performance.now()), signal);
      const sample = await takeSample(of, beganAt);
      onSample(sample, samples.at(-1));
      samples.push(sample);
    }
    return samples;
  }

  /** Stops the load, waits for the end of all messages, and takes the last figures. */
  async finish(): Promise<Ending> {
    await this.#probe?.stop();
    await this.#producer.stop();
    await this.#untilEmpty();
    const client = connectTo(this.server.grpcAddress);
    const { queues } = await client.dlq.stats({});
    client.close();
    const own = queues.filter(({ queue }) => [QUEUE, LOSING_QUEUE].includes(queue));
    const sum = (of: (queue: QueueStats) => bigint) =>
      own.reduce((total, queue) => total + Number(of(queue)), 0);
    const figures = await redisFigures(this.#redis);
    return {
      totals: this.#totals(),
      accepted: sum(({ totals }) => totals?.accepted ?? 0n),
      succeeded: sum(({ totals }) => totals?.succeeded ?? 0n),
      lateness: {
        measurements: this.#probe?.measurements ?? 0,
        failures: this.#probe?.failures ?? 0,
        lastError: this.#probe?.lastError ?? "",
      },
      redisUsedBytes: figures.usedBytes,
      redisDataBytes: figures.dataBytes,
      redisOverheadBytes: figures.overheadBytes,
      redisAnswersBytes: await answersBytes(this.#redis),
    };
  }

  /** Ends all processes in any state. */
  async end(): Promise<void> {
    await Promise.allSettled([this.#producer.end(), this.#consumer.end()]);
    this.#redis.disconnect();
    await this.server.stop();
  }

  async #begin(send: number | "most", signal: AbortSignal): Promise<void> {
    const bothSpeak = () => this.#producer.hasSpoken && this.#consumer.hasSpoken;
    while (!bothSpeak()) await this.#wait(CHECK_EVERY_MS, signal);
    this.#producer.order({ send });
    await this.#wait(SETTLE_MS, signal);
  }

  #totals(): Totals {
    const both: Record<string, number | string> = { ...NOTHING };
    for (const { totals } of [this.#producer, this.#consumer]) {
      for (const [name, value] of Object.entries(totals)) {
        both[name] = typeof value === "number" ? Number(both[name]) + value : both[name] || value;
      }
    }
    return both as unknown as Totals;
  }

  async #untilEmpty(): Promise<void> {
    const client = connectTo(this.server.grpcAddress);
    try {
      await until(
        "the end of all messages",
        async () => {
          await new Promise((resolve) => setTimeout(resolve, CHECK_EVERY_MS));
          const { queues } = await client.dlq.stats({}).catch(() => ({ queues: undefined }));
          return queues?.every(isEmpty) || undefined;
        },
        DRAIN_MS,
      );
    } finally {
      client.close();
    }
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    const interrupt = () => reject(signal.reason);
    signal.addEventListener("abort", interrupt);
    try {
      await Promise.race([promise, this.#producer.died, this.#consumer.died]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", interrupt);
    }
  }
}

function isEmpty({ scheduled, inFlight, quarantined }: QueueStats): boolean {
  return scheduled + inFlight + quarantined === 0n;
}
