import type { EventMaker } from "../app/events/event-maker.ts";
import type { NatsInfo } from "../app/server-info.ts";
import type { Config } from "../config/config.ts";
import { OutboxPublisher } from "../loops/outbox-publisher.ts";
import { PublisherCheck } from "../loops/publisher-check.ts";
import { NatsError } from "../nats/nats-error.ts";
import { createNatsPublisher } from "../nats/nats-publisher.ts";
import { natsOptions } from "../nats/options-from-config.ts";
import type { Logger } from "../observe/log.ts";
import type { MetricsRegistry } from "../observe/metrics.ts";
import type { RedisStore } from "../store/redis/redis-store.ts";
import { BacklogLimit } from "./backlog-limit.ts";

interface Parts {
  store: RedisStore;
  maker: EventMaker;
  metrics: MetricsRegistry;
  log: Logger;
}

/** Names the reader of the outboxes: it keeps its position from one start of the servers to the next. */
const READER = "nats";

/** Publishes events from `start` until `stop`. Store and NATS may be unavailable at the start. */
export interface Publishing {
  readonly info: NatsInfo;
  /** Why events are not published now, without names, addresses and paths. Undefined: they are, or there were none. */
  readonly problem: string | undefined;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Returns what publishes events to the configured NATS. Undefined: none is configured. */
export function createPublishing(
  config: Config,
  { store, maker, metrics, log }: Parts,
): Publishing | undefined {
  const options = natsOptions(config);
  if (options === undefined) return undefined;
  const { servers, stream } = options;
  const publisher = createNatsPublisher(options, log);
  const limit = new BacklogLimit(config.natsBacklogMaxBytes, store, log);
  const publishing = new OutboxPublisher({
    ...{ store, maker, publisher, log, observer: metrics, now: Date.now },
    reader: store.outbox.sharedReader(READER),
    types: new Set(config.natsEvents),
    backlogBytes: () => limit.bytes,
  });
  const check = new PublisherCheck({
    check: () => {
      limit.logIfLower();
      return publisher.check();
    },
    target: { servers, stream },
    log,
  });
  const error = () => publishing.error ?? check.error;
  metrics.setPublishing({
    isUp: () => error() === undefined,
    failingMs: () => publishing.failingMs,
    waitingPartitions: () => publishing.waitingPartitions,
    backlog: () => publishing.backlog,
  });
  return {
    get info() {
      const { backlog, missed } = publishing;
      return {
        ...{ servers, stream, error: error()?.message, warnings: publisher.warnings },
        backlog: { ...backlog, limitBytes: limit.bytes },
        missed: { changes: missed.count, lastAtMs: missed.lastAtMs },
      };
    },
    get problem() {
      const reason = error();
      if (reason === undefined) return undefined;
      if (!(reason instanceof NatsError)) return "events may not be published; see the log";
      return `NATS takes no events: ${reason.brief}; see the log`;
    },
    async start() {
      await publishing.start();
      check.start();
    },
    async stop() {
      await publishing.stop();
      // A check that waits for an answer ends with the connection.
      await Promise.all([check.stop(), publisher.close()]);
    },
  };
}
