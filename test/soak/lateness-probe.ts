// How late messages come, measured again and again beside the load, on a queue and a stream of its own.

import { connectTo, type DlqClient, statsOf } from "../support/grpc.ts";
import { measureLateness } from "../support/lateness.ts";
import { until } from "../support/until.ts";
import { settle, Worker } from "../support/worker.ts";

const QUEUE = "soak-lateness";
const RATE = 100;
const CLEAR_MS = 60_000;

export class LatenessProbe {
  /** Sessions opened so far: one for each measurement. */
  sessions = 0;
  measurements = 0;
  /** Those that gave nothing, as when the machine stood still. */
  failures = 0;
  lastError = "";
  readonly #address: string;
  readonly #seconds: number;
  readonly #running: Promise<void>;
  #values: number[] = [];
  #stopped = false;

  /** @param seconds length of one measurement */
  constructor(address: string, seconds: number) {
    this.#address = address;
    this.#seconds = seconds;
    this.#running = this.#run();
    this.#running.catch(() => {}); // `take` and `stop` tell
  }

  /** Milliseconds, sorted, since the last call. */
  take(): number[] {
    const values = this.#values;
    this.#values = [];
    return values.sort((a, b) => a - b);
  }

  /** Rejects when it could not go on. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      // A connection for each: one that ends in its middle would end the measurement.
      const client = connectTo(this.#address);
      try {
        await this.#measure(client.dlq);
      } finally {
        client.close();
      }
    }
  }

  async #measure(dlq: DlqClient): Promise<void> {
    this.measurements++;
    this.sessions++;
    try {
      const options = { queue: QUEUE, rate: RATE, seconds: this.#seconds };
      const late = await measureLateness(dlq, options);
      this.#values.push(...late); // not before the wait: `take` has another list then
    } catch (error) {
      this.failures++;
      this.lastError = error instanceof Error ? error.message : String(error);
      this.sessions++;
      await clear(dlq);
    }
  }
}

/** What a failed measurement has left would be taken for late by the next one. */
async function clear(dlq: DlqClient): Promise<void> {
  const worker = await Worker.open(dlq, { queues: [QUEUE], maxInFlight: 1_000 });
  worker.onReceived = (received) => {
    settle(dlq, received).catch(() => {}); // comes again when its lease has ended
  };
  const isEmpty = async () => {
    const { scheduled, inFlight, quarantined } = await statsOf(dlq, QUEUE);
    return scheduled + inFlight + quarantined === 0n || undefined;
  };
  await until("the end of what was left", isEmpty, CLEAR_MS);
  await worker.close();
}
