import type { Redis } from "ioredis";
import type { EndedLease, StoreHints } from "../contract.ts";
import { globalKeys } from "./keys.ts";
import { closeRedis, createRedis, type RedisTarget } from "./redis-client.ts";

const PING_MS = 5_000;

type Channel = "wake" | "credit" | "takeover" | "quiet" | "config";

/**
 * Hints by Redis pub/sub, on a connection of their own. A lost hint costs time, never a message: ticks and reconciliation
 * find the same.
 */
export class RedisHints implements StoreHints {
  readonly #subscriber: Redis;
  readonly #publisher: Redis;
  readonly #channels: Record<Channel, string>;
  readonly #nodeId: string;
  readonly #onError: (error: Error) => void;
  readonly #listeners: Record<Channel, ((subject: string, more: string) => void)[]> = {
    wake: [],
    credit: [],
    takeover: [],
    quiet: [],
    config: [],
  };
  readonly #onReconnect: (() => void)[] = [];
  readonly #pings: NodeJS.Timeout;

  constructor(options: {
    target: RedisTarget;
    prefix: string;
    nodeId: string;
    publisher: Redis;
    /** How long an answer may take before the connection is opened again, in milliseconds. */
    timeoutMs: number;
    /** How often the connection is pinged, in milliseconds. Default 5,000. */
    pingMs?: number;
    onError?: (error: Error) => void;
  }) {
    const { wake, credit, takeover, quiet, config } = globalKeys(options.prefix);
    this.#channels = { wake, credit, takeover, quiet, config };
    this.#nodeId = options.nodeId;
    this.#publisher = options.publisher;
    this.#subscriber = createRedis(options.target, "dlq-hints", options.timeoutMs);
    this.#onError = options.onError ?? (() => {});
    this.#subscriber.on("error", this.#onError);
    this.#subscriber.on("ready", () => this.#subscribe());
    this.#subscriber.on("message", (channel: string, text: string) => this.#receive(channel, text));
    this.#pings = setInterval(() => this.#ping(), options.pingMs ?? PING_MS).unref();
  }

  onWake(listener: (queue: string, inMs: number) => void): void {
    this.#listeners.wake.push((queue, inMs) => listener(queue, Number(inMs)));
  }

  onCredit(listener: (sessionId: string, ended: readonly EndedLease[]) => void): void {
    this.#listeners.credit.push((sessionId, more) => listener(sessionId, readEnded(more)));
  }

  onTakeover(listener: (sessionId: string) => void): void {
    this.#listeners.takeover.push(listener);
  }

  onQuiet(listener: (sessionId: string) => void): void {
    this.#listeners.quiet.push(listener);
  }

  onConfig(listener: (queue: string, deleted: boolean) => void): void {
    this.#listeners.config.push((queue, more) => listener(queue, more === "deleted"));
  }

  onReconnect(listener: () => void): void {
    this.#onReconnect.push(listener);
  }

  announceCredit(sessionId: string, ended: readonly EndedLease[]): void {
    this.#publish("credit", sessionId, writeEnded(ended));
  }

  announceTakeover(sessionId: string): void {
    this.#publish("takeover", sessionId);
  }

  announceQuiet(sessionId: string): void {
    this.#publish("quiet", sessionId);
  }

  async close(): Promise<void> {
    clearInterval(this.#pings);
    await closeRedis(this.#subscriber);
  }

  /** Without an answer the connection ends. Otherwise a dead connection would go unnoticed. */
  #ping(): void {
    if (this.#subscriber.status === "ready") this.#subscriber.ping().catch(() => {});
  }

  #subscribe(): void {
    this.#subscriber
      .subscribe(...Object.values(this.#channels))
      .then(() => {
        for (const listener of this.#onReconnect) listener();
      })
      // The connection was lost, and `ready` comes again; or this user may use no channels.
      .catch((error: Error) => this.#onError(error));
  }

  #receive(channel: string, text: string): void {
    const name = (Object.keys(this.#channels) as Channel[]).find(
      (candidate) => this.#channels[candidate] === channel,
    );
    if (name === undefined) return;
    // Scripts name no sender; nodes do, to ignore their own hints.
    const [subject = "", sender, more = ""] = text.split("\n");
    if (sender === this.#nodeId) return;
    for (const listener of this.#listeners[name]) listener(subject, more);
  }

  #publish(channel: Channel, subject: string, more = ""): void {
    const text = `${subject}\n${this.#nodeId}\n${more}`;
    this.#publisher.publish(this.#channels[channel], text).catch(() => {});
  }
}

/** Queue, id and delivery of each lease. None of them contains a separator. */
function writeEnded(ended: readonly EndedLease[]): string {
  return ended
    .map(({ queue, messageId, deliveryNumber }) =>
      [queue, Buffer.from(messageId).toString("hex"), deliveryNumber].join("/"),
    )
    .join(" ");
}

function readEnded(text: string): EndedLease[] {
  return text.split(" ").flatMap((one) => {
    const [queue, id, delivery] = one.split("/");
    if (queue === undefined || id === undefined || delivery === undefined) return [];
    const messageId = Uint8Array.from(Buffer.from(id, "hex"));
    return [{ queue, messageId, deliveryNumber: Number(delivery) }];
  });
}
