// How late messages come, measured again and again beside the load, on a queue and a stream of its own.

import { connectTo } from "../support/grpc.ts";
import { measureLateness } from "../support/lateness.ts";

const QUEUE = "soak-lateness";
const RATE = 100;

export class LatenessProbe {
  /** Sessions opened so far: one for each measurement. */
  sessions = 0;
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

  /** Rejects when a measurement has failed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      // A connection for each: one that ends in its middle would end the measurement.
      const client = connectTo(this.#address);
      try {
        this.sessions++;
        const options = { queue: QUEUE, rate: RATE, seconds: this.#seconds };
        const late = await measureLateness(client.dlq, options);
        this.#values.push(...late); // not before the wait: `take` has another list then
      } finally {
        client.close();
      }
    }
  }
}
