// A worker that goes on through outages: it reconnects with its session, and repeats its acks.

import type { DlqClient } from "./grpc.ts";
import { type Received, settle, Worker, type WorkerRequest } from "./worker.ts";

const AGAIN_MS = 50;

export class SteadyWorker {
  /** Ids of everything that was ever delivered. */
  readonly delivered = new Set<string>();
  /** How often its stream was opened. */
  streams = 0;
  /** Deliveries after an unknown outcome. */
  doubtful = 0;
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
        await again(); // nobody listens at present
      }
    }
  }

  /** Until it is known to count or not to: UNAVAILABLE says neither. */
  async #settle(received: Received): Promise<void> {
    this.delivered.add(received.message.id);
    if (received.delivery.outcomeUnknown) this.doubtful++;
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
