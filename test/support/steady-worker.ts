// A worker that survives outages: it resumes its session, and repeats its acks.

import type { DlqClient } from "./grpc.ts";
import { type Received, settle, Worker, type WorkerRequest } from "./worker.ts";

const AGAIN_MS = 50;

export class SteadyWorker {
  /** Ids of all delivered messages. */
  readonly delivered = new Set<string>();
  /** How often it opened a stream. */
  streams = 0;
  /** Deliveries after an unknown outcome. */
  redelivered = 0;
  readonly #dlq: DlqClient;
  readonly #request: WorkerRequest;
  readonly #running: Promise<void>;
  #worker: Worker | undefined;
  #stopped = false;

  constructor(dlq: DlqClient, request: WorkerRequest) {
    this.#dlq = dlq;
    this.#request = request;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#worker?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const resumeSessionId = this.#worker?.opened.sessionId ?? "";
        this.#worker = await Worker.open(this.#dlq, { ...this.#request, resumeSessionId });
        this.streams++;
        this.#worker.onReceived = (received) => void this.#settle(received);
        await this.#worker.ended;
      } catch {
        await again(); // no server listens
      }
    }
  }

  /** Repeats the ack until it has an answer. */
  async #settle(received: Received): Promise<void> {
    this.delivered.add(received.message.id);
    if (received.delivery.outcomeUnknown) this.redelivered++;
    while (!this.#stopped) {
      try {
        await settle(this.#dlq, received);
        return;
      } catch {
        await again();
      }
    }
  }
}

function again(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
}
