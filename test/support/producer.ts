// A producer that keeps sending while servers and stores fail, and records what was acknowledged.

import { type Code, ConnectError } from "@connectrpc/connect";
import type { DlqClient } from "./grpc.ts";
import { sendRequest } from "./send-requests.ts";

/** A failed call is repeated after this time, with the same request_id. */
const AGAIN_MS = 50;

export class Producer {
  /** Ids of stored messages: none may be lost. */
  readonly acknowledged = new Set<string>();
  /** Codes of calls that failed, in order. */
  readonly failures: Code[] = [];
  readonly #dlq: DlqClient;
  readonly #queue: string;
  readonly #senders: Promise<void>[];
  readonly #name = Math.random().toString(36).slice(2);
  #count = 0;
  #stopped = false;

  /** @param concurrency calls in progress at a time */
  constructor(dlq: DlqClient, queue: string, concurrency = 8) {
    this.#dlq = dlq;
    this.#queue = queue;
    this.#senders = Array.from({ length: concurrency }, () => this.#run());
  }

  /** Resolves when no call is in progress; calls that fail now are not repeated. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#senders);
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
