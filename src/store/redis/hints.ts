import type { Redis } from "ioredis";
import type { StoreHints } from "../contract.ts";
import { closeRedis, createRedis, type RedisTarget } from "./connection.ts";
import { globalKeys } from "./keys.ts";

type Channel = "wake" | "credit" | "takeover";

/**
 * Hints by Redis pub/sub, on a connection of their own. A lost hint costs time, never a message:
 * everything they tell is also found by ticks and reconciliation.
 */
export class RedisHints implements StoreHints {
  readonly #subscriber: Redis;
  readonly #publisher: Redis;
  readonly #channels: Record<Channel, string>;
  readonly #nodeId: string;
  readonly #listeners: Record<Channel, ((subject: string) => void)[]> = {
    wake: [],
    credit: [],
    takeover: [],
  };
  readonly #onReconnect: (() => void)[] = [];

  constructor(options: {
    target: RedisTarget;
    prefix: string;
    nodeId: string;
    publisher: Redis;
    onError?: (error: Error) => void;
  }) {
    const { wake, credit, takeover } = globalKeys(options.prefix);
    this.#channels = { wake, credit, takeover };
    this.#nodeId = options.nodeId;
    this.#publisher = options.publisher;
    this.#subscriber = createRedis(options.target, "dlq-hints");
    this.#subscriber.on("error", (error: Error) => options.onError?.(error));
    this.#subscriber.on("ready", () => this.#subscribe());
    this.#subscriber.on("message", (channel: string, text: string) => this.#hear(channel, text));
  }

  onWake(listener: (queue: string) => void): void {
    this.#listeners.wake.push(listener);
  }

  onCredit(listener: (sessionId: string) => void): void {
    this.#listeners.credit.push(listener);
  }

  onTakeover(listener: (sessionId: string) => void): void {
    this.#listeners.takeover.push(listener);
  }

  onReconnect(listener: () => void): void {
    this.#onReconnect.push(listener);
  }

  announceCredit(sessionId: string): void {
    this.#publish("credit", sessionId);
  }

  announceTakeover(sessionId: string): void {
    this.#publish("takeover", sessionId);
  }

  async close(): Promise<void> {
    await closeRedis(this.#subscriber);
  }

  #subscribe(): void {
    this.#subscriber
      .subscribe(...Object.values(this.#channels))
      .then(() => {
        for (const listener of this.#onReconnect) listener();
      })
      // The connection broke again: `ready` comes again.
      .catch(() => {});
  }

  #hear(channel: string, text: string): void {
    const name = (Object.keys(this.#channels) as Channel[]).find(
      (candidate) => this.#channels[candidate] === channel,
    );
    if (name === undefined) return;
    // Scripts send the bare subject; nodes add their own name, to know their own hints.
    const [subject, sender] = text.split("\n") as [string, string | undefined];
    if (sender === this.#nodeId) return;
    for (const listener of this.#listeners[name]) listener(subject);
  }

  #publish(channel: Channel, subject: string): void {
    this.#publisher.publish(this.#channels[channel], `${subject}\n${this.#nodeId}`).catch(() => {});
  }
}
