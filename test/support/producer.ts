// A producer that keeps sending while servers and stores fail, and remembers what was acknowledged.

import { type Code, ConnectError } from "@connectrpc/connect";
import type { DlqClient } from "./grpc.ts";
import { sendRequest } from "./send-requests.ts";

/** A failed call is tried again after this long, with the same request_id. */
const AGAIN_MS = 50;

export class Producer {
  /** Ids that a server has answered with: none of them may ever be lost. */
  readonly acknowledged = new Set<string>();
  /** Codes of calls that failed, in order. */
  readonly failures: Code[] = [];
  readonly #dlq: DlqClient;
  readonly #queue: string;
  readonly #lanes: Promise<void>[];
  readonly #name = Math.random().toString(36).slice(2);
  #count = 0;
  #stopped = false;

  /** @param lanes calls under way at a time */
  constructor(dlq: DlqClient, queue: string, lanes = 8) {
    this.#dlq = dlq;
    this.#queue = queue;
    this.#lanes = Array.from({ length: lanes }, () => this.#run());
  }

  /** Resolves when no call is under way any more; those that fail now are given up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#lanes);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const request = sendRequest(this.#queue, { requestId: `${this.#name}-${++this.#count}` });
      while (!(await this.#send(request)) && !this.#stopped) {
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }

  async #send(request: ReturnType<typeof sendRequest>): Promise<boolean> {
    try {
      const { id } = await this.#dlq.sendToDlq(request, { timeoutMs: 5_000 });
      this.acknowledged.add(id);
      return true;
    } catch (error) {
      this.failures.push(ConnectError.from(error).code);
      return false;
    }
  }
}
