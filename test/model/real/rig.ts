import { createAck } from "../../../src/app/ack.ts";
import { createExtend } from "../../../src/app/extend.ts";
import { createRetry } from "../../../src/app/retry.ts";
import { createSend } from "../../../src/app/send.ts";
import { deliverySettingsOf } from "../../../src/core/delivery-settings.ts";
import type { QueueSettings } from "../../../src/core/settings.ts";
import { NO_METRICS } from "../../../src/observe/metrics.ts";
import type { Store } from "../../../src/store/contract.ts";
import type { RedisStore } from "../../../src/store/redis/redis-store.ts";
import { type TestStore, until } from "../../support/store.ts";
import type { LifeSettings } from "../life/life.ts";
import type { Limiters } from "../life/limiters.ts";
import { groupOf } from "./group-of.ts";
import { SILENT_LOG } from "./names.ts";
import { queueSettings } from "./settings.ts";
import { Streams, WORKERS } from "./streams.ts";
import { Wire, type WiredStore } from "./wire.ts";

/** The use cases of one server, over a store. */
export type Server = ReturnType<typeof createServer>;

/** The real system: two servers on one Redis, with streams on the first one. */
export class Rig {
  readonly test: TestStore;
  readonly wire = new Wire();
  settings: QueueSettings;
  readonly #given: LifeSettings;
  /** What rules draw by chance. */
  random = 0.5;
  #claims = 0;
  #node: { store: RedisStore; wired: WiredStore; streams: Streams; server: Server };
  /** Has no streams: the first server is not notified of outcomes that it takes. */
  #other: Server;

  private constructor(test: TestStore, settings: LifeSettings) {
    this.test = test;
    this.#given = settings;
    this.settings = queueSettings(settings, settings.limiters);
    test.deliverySettings = deliverySettingsOf(this.settings);
    this.#node = this.#startNode();
    const { store } = test;
    this.#other = createServer(this, { ...this.wire.over(store), ...sessionsOf(store) }, store);
  }

  static async start(test: TestStore, settings: LifeSettings): Promise<Rig> {
    const rig = new Rig(test, settings);
    await rig.#untilReady();
    await rig.#openStreams();
    return rig;
  }

  /** Other settings, in force with the next decision. */
  change(limiters: Limiters): void {
    this.settings = queueSettings(this.#given, limiters);
    this.test.deliverySettings = deliverySettingsOf(this.settings);
  }

  get store(): RedisStore {
    return this.#node.store;
  }

  get wired(): WiredStore {
    return this.#node.wired;
  }

  get streams(): Streams {
    return this.#node.streams;
  }

  server(other: boolean): Server {
    return other ? this.#other : this.#node.server;
  }

  nextClaimNumber(): number {
    return ++this.#claims;
  }

  /** kill -9: its memory is lost, and it notifies no other server. */
  async crashServer(): Promise<void> {
    await this.store.close();
    this.#claims = 0;
    this.#node = this.#startNode();
    await this.#untilReady();
    await this.#openStreams();
  }

  /** kill -9 of Redis. What was answered is on disk. */
  async crashRedis(): Promise<void> {
    const { server, redis } = this.test;
    await server.kill9();
    await server.restart();
    await until("a plain connection", () => redis.status === "ready" || undefined);
    await this.#untilReady();
  }

  async #untilReady(): Promise<void> {
    const { store: other } = this.test;
    await until("the stores", () => (this.store.ready && other.ready) || undefined);
  }

  #startNode() {
    const store = this.test.openStore({ expiryGraceMs: this.#given.graceMs });
    const wired = this.wire.over(store);
    const streams = new Streams({ ...wired, hints: store.hints });
    const server = createServer(this, { ...wired, ...sessionsOf(store) }, store, streams);
    return { store, wired, streams, server };
  }

  async #openStreams(): Promise<void> {
    for (const worker of WORKERS) await this.streams.open(worker);
  }
}

function sessionsOf(store: RedisStore): Pick<Store, "sessionQueues"> {
  return { sessionQueues: store.sessionQueues.bind(store) };
}

function createServer(
  rig: Rig,
  store: WiredStore & Pick<Store, "sessionQueues">,
  real: Pick<Store, "hints" | "stats">,
  { registry }: Streams = new Streams({ ...store, hints: real.hints }),
) {
  const parts = {
    store: { ...store, stats: real.stats.bind(real) },
    ...{ registry, log: SILENT_LOG, observer: NO_METRICS },
    settingsOf: () => rig.settings,
    random: () => rig.random,
    now: Date.now,
    groupOf,
    onDeleting() {},
  };
  return {
    send: createSend(parts),
    ack: createAck(parts),
    extend: createExtend(parts),
    retry: createRetry(parts),
  };
}
