import { resolve } from "node:path";
import type { Redis } from "ioredis";
import type { LinkProxy } from "../../support/link-proxy.ts";
import type { TestServer } from "../../support/server.ts";
import type { Acted, BreakerOpened } from "../history/event.ts";
import type { PublishedEvidence } from "../history/published.ts";

/** One deployment under test: servers, their store, and the links between them. */
export interface Environment {
  readonly name: EnvironmentName;
  /** Description for the report. */
  readonly words: string;
  /** Addresses of the servers for actors. Each server has its own link. */
  readonly addresses: readonly string[];
  /** One address for all servers, like that of a load balancer. */
  readonly balancer: string;
  readonly servers: readonly TestServer[];
  /** Links from clients to servers, in order, then the link of the balancer. */
  readonly clientLinks: readonly LinkProxy[];
  /** Returns a direct connection to the store. */
  redis(): Promise<Redis>;
  /** Name -> pid of running processes. */
  pids(): Readonly<Record<string, number>>;
  /** Resolves when the environment is complete again, so that the next fault may start. */
  untilWhole?(): Promise<void>;
  /** What happened and what was published, at the end. Undefined: the servers publish nothing. */
  events?(): Promise<PublishedEvidence>;
  /** Openings of breakers, and actions of batch jobs. Undefined: they are still in the outbox. */
  recorded?(): readonly (BreakerOpened | Acted)[];
  stop(): Promise<void>;
}

export type EnvironmentName =
  | "external"
  | "everysec"
  | "embedded"
  | "sentinel"
  | "replicas"
  | "events";

/** Short by configuration, so that a run has hundreds of expired leases and retries. */
export const LEASE_MS = 2_000;
export const HEARTBEAT_MS = 1_000;

/** Settings of every server of the suite. */
export const SERVER_ENV: Readonly<Record<string, string>> = {
  DLQ_CONFIG: resolve(import.meta.dirname, "guarded.yaml"),
  // The suite reads openings of breakers from the outbox.
  DLQ_OUTBOX_MAX: "64MiB",
  DLQ_LEASE_DURATION: `${LEASE_MS}ms`,
  DLQ_HEARTBEAT_INTERVAL: `${HEARTBEAT_MS}ms`,
  DLQ_DRAIN_GRACE: "2s",
  DLQ_REDIS_TIMEOUT: "1s",
  DLQ_MAX_QUEUES: "20000",
};
