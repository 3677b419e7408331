// A well-behaved client: sends small messages at a steady rate. Each send starts on time, also if earlier ones wait, so a
// stalled server shows in all of them.

import { connectTo, type DlqClient, type TestClient } from "../support/grpc.ts";
import { quantile } from "../support/quantile.ts";
import { sendRequest } from "../support/send-requests.ts";

export interface Latencies {
  readonly calls: number;
  /** Errors of failed calls. */
  readonly failures: readonly string[];
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const EVERY_MS = 10;
/** Only ends a call that hangs: the latency is judged. */
const TIMEOUT_MS = 60_000;

export class SteadyClient {
  readonly #client: TestClient;
  readonly #open = new Set<Promise<void>>();
  #latenciesMs: number[] = [];
  #failures: string[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(grpcAddress: string, everyMs = EVERY_MS) {
    this.#client = connectTo(grpcAddress);
    this.#timer = setInterval(() => {
      const sent = this.#send().finally(() => this.#open.delete(sent));
      this.#open.add(sent);
    }, everyMs);
  }

  get dlq(): DlqClient {
    return this.#client.dlq;
  }

  /** Returns the latencies of the calls since the last time, including running ones. */
  async take(): Promise<Latencies> {
    await Promise.all(this.#open);
    const sorted = this.#latenciesMs.toSorted((a, b) => a - b);
    const failures = this.#failures;
    this.#latenciesMs = [];
    this.#failures = [];
    return {
      calls: sorted.length,
      failures,
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
      maxMs: sorted.at(-1) ?? Number.NaN,
    };
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    this.#client.close();
  }

  async #send(): Promise<void> {
    const startedAtMs = performance.now();
    try {
      await this.#client.dlq.sendToDlq(sendRequest("steady", FAR_OFF), { timeoutMs: TIMEOUT_MS });
      this.#latenciesMs.push(performance.now() - startedAtMs);
    } catch (error) {
      this.#failures.push(String(error));
    }
  }
}

/** Not due during the test, so the queue needs no worker. */
const FAR_OFF = { firstRetry: { case: "delay" as const, value: { seconds: 3_600n, nanos: 0 } } };
