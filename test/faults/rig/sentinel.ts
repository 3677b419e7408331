import type { TestRedis } from "../../support/redis.ts";
import { startTestServer } from "../../support/server.ts";
import { type SentinelSet, startSentinelSet } from "../../support/store-sentinel.ts";
import { until } from "../../support/until.ts";
import { openClientLinks } from "./client-links.ts";
import { type Environment, SERVER_ENV } from "./environment.ts";
import { connectToStore } from "./store-connection.ts";

/** Two servers on a primary with a replica, watched by Sentinel. */
export interface SentinelEnvironment extends Environment {
  readonly name: "sentinel" | "replicas";
  readonly set: SentinelSet;
  /** Who is what now, as Sentinel says. */
  roles(): Promise<Roles>;
  /**
   * Starts a primary that was killed, as a replica of the new one. It must not come back as a
   * primary: until Sentinel sets it right, seconds later, even if it asked Sentinel before the
   * promotion would write to it, and lose that.
   */
  bringBack(dead: TestRedis, primary: TestRedis): void;
  /** Resolves when there are a primary and a replica in sync with it, and Sentinel knows. */
  untilWhole(): Promise<void>;
}

export interface Roles {
  readonly primary: TestRedis;
  readonly replica: TestRedis;
}

/** Sentinel looks at replicas every 10 s only. */
const WHOLE_DEADLINE_MS = 180_000;
/** Longer than a machine at its limit keeps a process from its turn. */
const DOWN_AFTER_MS = 3_000;

/** @param waitReplicas how many replicas must have a send before it is answered */
export async function openSentinelEnvironment(
  waitReplicas: 0 | 1 = 0,
): Promise<SentinelEnvironment> {
  const set = await startSentinelSet(DOWN_AFTER_MS);
  const env = {
    ...SERVER_ENV,
    DLQ_REDIS_SENTINELS: `127.0.0.1:${set.sentinelPort}`,
    DLQ_REDIS_SENTINEL_NAME: set.name,
    DLQ_REDIS_SERVER: "",
    DLQ_REDIS_WAIT_REPLICAS: String(waitReplicas),
  };
  const start = () => startTestServer({ env });
  const servers = await Promise.all([start(), start()]);
  const clients = await openClientLinks(servers);
  let comingBack: Promise<void> = Promise.resolve();
  let expected = set.primary;

  const roles = async (): Promise<Roles> => {
    const port = await primaryPort(set);
    const { primary, replica } = set;
    if (port === primary.port) return { primary, replica };
    if (port === replica.port) return { primary: replica, replica: primary };
    throw new Error(`Sentinel names a primary of nobody: ${port}`);
  };
  return {
    name: waitReplicas === 0 ? "sentinel" : "replicas",
    words: `two servers, a primary and a replica (appendfsync always) behind Sentinel${waitReplicas === 0 ? "" : ", sends waiting for the replica"}`,
    set,
    servers,
    clientLinks: clients.links,
    addresses: clients.addresses,
    balancer: clients.balancer,
    roles,
    bringBack(dead, next) {
      expected = next;
      comingBack = dead.restart(["--replicaof", "127.0.0.1", String(next.port)]);
      comingBack.catch(() => {}); // `untilWhole` tells
    },
    async untilWhole() {
      await comingBack;
      const { primary, replica } = await roles();
      if (primary !== expected) throw new Error("Sentinel has failed over though nobody had died");
      await until(
        "the old primary to be a replica in sync",
        async () => {
          const info = await replica.cli("INFO", "replication");
          const follows =
            info.includes("master_link_status:up") && info.includes(`master_port:${primary.port}`);
          return (follows && (await set.knowsReplica(replica.port))) || undefined;
        },
        WHOLE_DEADLINE_MS,
      );
    },
    redis: async () => connectToStore({ port: await primaryPort(set) }),
    pids: () => ({
      primary: set.primary.pid,
      replica: set.replica.pid,
      ...Object.fromEntries(servers.map(({ pid }, at) => [`server-${at + 1}`, pid])),
    }),
    async stop() {
      await comingBack.catch(() => {});
      await Promise.all(servers.map((server) => server.stop()));
      await clients.close();
      await set.stop();
    },
  };
}

async function primaryPort({ sentinelPort, name }: SentinelSet): Promise<number> {
  const sentinel = await connectToStore({ port: sentinelPort });
  try {
    const found = await sentinel.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name);
    return Number((found as string[])[1]);
  } finally {
    sentinel.disconnect();
  }
}
