// A worker with stubs alone: it reads its stream all the time, and reports outcomes by Ack.

import type { MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import type {
  AckResult,
  Delivery,
  Drain,
  Opened,
  StreamDueRequestSchema,
  StreamDueResponse,
} from "../../gen/dlq/v1/dlq_service_pb.ts";
import type { Message } from "../../gen/dlq/v1/message_pb.ts";
import type { DlqClient } from "./grpc.ts";
import { type OutcomeInit, succeeded } from "./send-requests.ts";

export interface Received {
  readonly delivery: Delivery;
  readonly message: Message;
  /** When its frame was read, by the clock of this process. */
  readonly atMs: number;
}

export type WorkerRequest = MessageInitShape<typeof StreamDueRequestSchema>;

/** Ends a test that hangs: far above what a slow machine needs. */
const DEADLINE_MS = 60_000;

export class Worker {
  readonly client: DlqClient;
  readonly opened: Opened;
  /** All deliveries, in order. */
  readonly received: Received[] = [];
  /** The drain frame of the server. */
  drain: Drain | undefined;
  /** Resolves at the end of the stream, with its error or undefined. */
  readonly ended: Promise<ConnectError | undefined>;
  /** Called for each delivery, as it is read. */
  onReceived: ((received: Received) => void) | undefined;
  isOver = false;
  #heartbeats = 0;
  #taken = 0;
  readonly #abort: AbortController;
  readonly #waiters = new Set<() => void>();

  private constructor(
    client: DlqClient,
    opened: Opened,
    frames: AsyncIterator<StreamDueResponse>,
    abort: AbortController,
  ) {
    this.client = client;
    this.opened = opened;
    this.#abort = abort;
    this.ended = this.#read(frames).finally(() => {
      this.isOver = true;
      this.#wake();
    });
  }

  /** Resolves when the stream is open. */
  static async open(client: DlqClient, request: WorkerRequest): Promise<Worker> {
    const abort = new AbortController();
    const stream = client.streamDue(request, { signal: abort.signal });
    const frames = stream[Symbol.asyncIterator]();
    const { value } = await frames.next();
    if (value?.frame.case !== "opened") throw new Error(`first came ${value?.frame.case}`);
    return new Worker(client, value.frame.value, frames, abort);
  }

  /** The next delivery that no call of `next` has returned. */
  async next(): Promise<Received> {
    await this.#until(() => this.received.length > this.#taken, "a delivery");
    return this.received[this.#taken++] as Received;
  }

  /** The next `count` deliveries. */
  async take(count: number): Promise<Received[]> {
    const taken: Received[] = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }

  /** Resolves after this many deliveries in all. */
  async hasReceived(count: number, deadlineMs = DEADLINE_MS): Promise<void> {
    await this.#until(() => this.received.length >= count, `${count} deliveries`, deadlineMs);
  }

  /**
   * Resolves after some heartbeats, in which the server had time to deliver. Only with a server whose heartbeats are frequent.
   */
  async silence(heartbeats = 3): Promise<void> {
    const enough = this.#heartbeats + heartbeats;
    await this.#until(() => this.#heartbeats >= enough, "heartbeats");
  }

  async settle(received: Received, result: OutcomeInit = succeeded): Promise<AckResult> {
    return settle(this.client, received, result);
  }

  /** Reports the same outcome for many deliveries, in calls of at most 1,000. */
  async settleAll(many: readonly Received[], result: OutcomeInit = succeeded): Promise<void> {
    for (let at = 0; at < many.length; at += 1_000) {
      const part = many.slice(at, at + 1_000);
      const outcomes = part.map(({ delivery: { leaseToken } }) => ({ leaseToken, result }));
      await this.client.ack({ outcomes });
    }
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.ended;
  }

  async #read(frames: AsyncIterator<StreamDueResponse>): Promise<ConnectError | undefined> {
    try {
      for (;;) {
        const { done, value } = await frames.next();
        if (done === true) return undefined;
        this.#onFrame(value);
        this.#wake();
      }
    } catch (error) {
      return ConnectError.from(error);
    }
  }

  #onFrame({ frame }: StreamDueResponse): void {
    if (frame.case === "heartbeat") this.#heartbeats++;
    if (frame.case === "drain") this.drain = frame.value;
    if (frame.case !== "deliveries") return;
    const atMs = Date.now();
    for (const delivery of frame.value.deliveries) {
      const received = { delivery, message: delivery.message as Message, atMs };
      this.received.push(received);
      this.onReceived?.(received);
    }
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
  }

  #until(holds: () => boolean, what: string, deadlineMs = DEADLINE_MS): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const end = (finish: () => void) => {
        clearTimeout(timer);
        this.#waiters.delete(look);
        finish();
      };
      const fail = (reason: string) =>
        end(() => reject(new Error(`${reason} for ${what}; ${this.received.length} have come`)));
      const look = () => {
        if (holds()) end(resolve);
        else if (this.isOver) fail("the stream ended while waiting");
      };
      const timer = setTimeout(() => fail("waited too long"), deadlineMs);
      this.#waiters.add(look);
      look();
    });
  }
}

/** Reports one outcome, to the server of the client. */
export async function settle(
  client: DlqClient,
  { delivery }: Received,
  result: OutcomeInit = succeeded,
): Promise<AckResult> {
  const outcomes = [{ leaseToken: delivery.leaseToken, result }];
  const { results } = await client.ack({ outcomes });
  return results[0] as AckResult;
}
