// Measures regularly how late messages are delivered, on its own queue and stream beside the load.

import { connectTo, type DlqClient, statsOf } from "../support/grpc.ts";
import { measureLateness } from "../support/lateness.ts";
import { until } from "../support/until.ts";
import { settle, Worker } from "../support/worker.ts";

const QUEUE = "soak-lateness";
const RATE = 100;
const CLEAR_MS = 60_000;

export class LatenessProbe {
  /** Worker sessions so far: one for each measurement. */
  sessions = 0;
  measurements = 0;
  /** Measurements without a result, for example on a stalled machine. */
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
    this.#running.catch(() => {}); // `take` and `stop` report the error
  }

  /** Returns the sorted lateness since the last call, ms. */
  take(): number[] {
    const values = this.#values;
    this.#values = [];
    return values.sort((a, b) => a - b);
  }

  /** Rejects if the probe failed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      // A new connection each time: one that ended would abort the measurement.
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
      this.#values.push(...late); // not before the wait, because `take` replaces the list
    } catch (error) {
      this.failures++;
      this.lastError = error instanceof Error ? error.message : String(error);
      this.sessions++;
      await clear(dlq);
    }
  }
}

/** Removes the messages of a failed measurement: the next one would count them as late. */
async function clear(dlq: DlqClient): Promise<void> {
  const worker = await Worker.open(dlq, { queues: [QUEUE], maxInFlight: 1_000 });
  worker.onReceived = (received) => {
    settle(dlq, received).catch(() => {}); // delivered again when its lease expires
  };
  const isEmpty = async () => {
    const { scheduled, inFlight, quarantined } = await statsOf(dlq, QUEUE);
    return scheduled + inFlight + quarantined === 0n || undefined;
  };
  await until("the end of the remaining messages", isEmpty, CLEAR_MS);
  await worker.close();
}
