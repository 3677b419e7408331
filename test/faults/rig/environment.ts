import { resolve } from "node:path";
import type { Redis } from "ioredis";
import type { LinkProxy } from "../../support/link-proxy.ts";
import type { TestServer } from "../../support/server.ts";

/** One deployment under test: servers, their store, and the links between all. */
export interface Environment {
  readonly name: EnvironmentName;
  /** What it is made of, in words. */
  readonly words: string;
  /** Where producers and workers connect to: each server through a link of its own. */
  readonly addresses: readonly string[];
  /** One address for all servers, as a load balancer would have. */
  readonly balancer: string;
  readonly servers: readonly TestServer[];
  /** Links from clients to servers, in their order, then that of the balancer. */
  readonly clientLinks: readonly LinkProxy[];
  /** A connection of the suite's own to the store, past all links. */
  redis(): Promise<Redis>;
  /** Processes to watch: name -> pid, of those that run. */
  pids(): Readonly<Record<string, number>>;
  /** Resolves when a fault has left nothing behind that another one would meet. */
  untilWhole?(): Promise<void>;
  stop(): Promise<void>;
}

export type EnvironmentName = "external" | "everysec" | "embedded" | "sentinel" | "replicas";

/** Shortened by configuration, so that a run meets hundreds of leases and retries. */
export const LEASE_MS = 2_000;
export const HEARTBEAT_MS = 1_000;

/** Settings of every server of the suite. */
export const SERVER_ENV: Readonly<Record<string, string>> = {
  DLQ_CONFIG: resolve(import.meta.dirname, "guarded.yaml"),
  // Openings of breakers are read from it.
  DLQ_JOURNAL_MAX_ENTRIES: "200000",
  DLQ_LEASE_DURATION: `${LEASE_MS}ms`,
  DLQ_HEARTBEAT_INTERVAL: `${HEARTBEAT_MS}ms`,
  DLQ_DRAIN_GRACE: "2s",
  DLQ_REDIS_TIMEOUT: "1s",
};
