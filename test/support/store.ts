import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { type DeliverySettings, NO_DELIVERY_SETTINGS } from "../../src/core/delivery-settings.ts";
import type { SessionCredit, TickReply, TickRequest } from "../../src/store/contract.ts";
import { queueBase } from "../../src/store/redis/keys.ts";
import { RedisStore, type RedisStoreOptions } from "../../src/store/redis/redis-store.ts";
import { startTestRedis, type TestRedis, type TestRedisOptions } from "./redis.ts";
import { createTestClock, type TestClock } from "./store-clock.ts";
import { dumpQueue, listedQueues, type QueueDump } from "./store-dump.ts";
import { brokenInvariants } from "./store-invariants.ts";
import { until } from "./until.ts";

export { until };

/** A RedisStore on a redis-server of its own. Its clock stands still until a test moves it. */
export class TestStore {
  readonly server: TestRedis;
  readonly prefix: string;
  /** A plain connection, to read and to damage the data. */
  readonly redis: Redis;
  readonly clock: TestClock;
  readonly store: RedisStore;
  /** The delivery settings of every store that this opens. */
  deliverySettings: DeliverySettings = NO_DELIVERY_SETTINGS;
  readonly #opened: RedisStore[] = [];
  #claimNumber = 0;

  constructor(server: TestRedis, prefix: string) {
    this.server = server;
    this.prefix = prefix;
    this.redis = new Redis({ path: server.socketPath, protocol: 2 });
    this.redis.on("error", () => {});
    this.clock = createTestClock(this.redis, prefix);
    this.store = this.openStore();
  }

  /** Opens another store on the same data, as another process would. */
  openStore(options: Partial<RedisStoreOptions> = {}): RedisStore {
    const store = new RedisStore({
      target: { kind: "socket", path: this.server.socketPath },
      prefix: this.prefix,
      nodeId: `node-${this.#opened.length + 1}`,
      timeoutMs: 2_000,
      outboxMaxBytes: 1_000_000,
      // In tests the clock jumps without an outage.
      expiryGraceMs: 0,
      maxQueues: 1_000,
      compressMinBytes: 0,
      clock: "key",
      deliverySettingsOf: () => this.deliverySettings,
      now: () => performance.now() + this.clock.passedMs,
      ...options,
    });
    this.#opened.push(store);
    return store;
  }

  key(queue: string, suffix: string): string {
    return `${queueBase(this.prefix, queue)}${suffix}`;
  }

  /** A tick with a claim number of its own; by default nothing is claimed. */
  tick(
    queue: string,
    sessions: readonly SessionCredit[] = [],
    settings: Partial<TickRequest["settings"]> = {},
  ): Promise<TickReply> {
    return this.store.tick(queue, {
      claimNumber: ++this.#claimNumber,
      sessions,
      settings: { ttlAction: "quarantine", quarantineRetentionMs: 0, ...settings },
    });
  }

  dump(queue: string): Promise<QueueDump> {
    return dumpQueue(this.redis, queueBase(this.prefix, queue));
  }

  /** Fails the test if the data of a queue contradicts itself. */
  async checkInvariants(queue: string): Promise<void> {
    expect(brokenInvariants(await this.dump(queue)).slice(0, 10), `invariants of ${queue}`).toEqual(
      [],
    );
  }

  async checkAllQueues(): Promise<void> {
    const queues = await listedQueues(this.redis, this.prefix);
    for (const queue of queues) await this.checkInvariants(queue);
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((store) => store.close()));
    this.redis.disconnect();
  }
}

/**
 * A store for each test of a file, all on one server with different prefixes. Each test ends with a
 * check of the invariants of every queue that it has written.
 */
export function useTestStore(options: TestRedisOptions = {}): { readonly current: TestStore } {
  let server: TestRedis;
  let current: TestStore | undefined;
  let count = 0;
  beforeAll(async () => {
    server = await startTestRedis({ appendonly: false, ...options });
  });
  beforeEach(async () => {
    current = new TestStore(server, `t${++count}`);
    await current.clock.set(START_MS);
    const { store } = current;
    await until("the store's connection", () => store.ready || undefined);
  });
  afterEach(async () => {
    try {
      await current?.checkAllQueues();
    } finally {
      await current?.close();
    }
  });
  afterAll(async () => {
    await server?.stop();
  });
  return {
    get current() {
      if (current === undefined) throw new Error("the store is there only while a test runs");
      return current;
    },
  };
}

/** Where the clock stands when a test begins. */
export const START_MS = 1_800_000_000_000;
