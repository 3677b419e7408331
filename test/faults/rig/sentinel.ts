import type { TestRedis } from "../../support/redis.ts";
import { startTestServer } from "../../support/server.ts";
import { type SentinelSet, startSentinelSet } from "../../support/store-sentinel.ts";
import { until } from "../../support/until.ts";
import { openClientLinks } from "./client-links.ts";
import { type Environment, SERVER_ENV } from "./environment.ts";
import { OutboxRecord } from "./outbox-record.ts";
import { Publishing, publishingEnv } from "./publishing.ts";
import { connectToStore } from "./store-connection.ts";

/** Two servers on a primary with a replica, watched by Sentinel. They publish events. */
export interface SentinelEnvironment extends Environment {
  readonly name: "sentinel" | "replicas";
  readonly set: SentinelSet;
  /** Returns the roles from Sentinel. */
  roles(): Promise<Roles>;
  /**
   * Starts a killed primary as a replica of the new one. As a primary it could accept writes for seconds, until Sentinel
   * demotes it, and those writes would be lost.
   */
  bringBack(dead: TestRedis, primary: TestRedis): void;
  /** Resolves when primary and replica are in sync and Sentinel has detected that. */
  untilWhole(): Promise<void>;
}

export interface Roles {
  readonly primary: TestRedis;
  readonly replica: TestRedis;
}

/** Long, because Sentinel checks replicas only every 10 s. */
const WHOLE_DEADLINE_MS = 180_000;
/** Longer than a process waits for CPU on a busy machine. */
const DOWN_AFTER_MS = 3_000;

/** @param waitReplicas number of replicas that must have a send before it is answered */
export async function openSentinelEnvironment(
  waitReplicas: 0 | 1 = 0,
): Promise<SentinelEnvironment> {
  const set = await startSentinelSet(DOWN_AFTER_MS);
  // Only then it is needed.
  const { startTestNats } = await import("../../support/nats.ts");
  const nats = await startTestNats();
  const env = {
    ...SERVER_ENV,
    ...publishingEnv(`127.0.0.1:${nats.port}`),
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
    throw new Error(`Sentinel reports an unknown primary: ${port}`);
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
      comingBack.catch(() => {}); // `untilWhole` reports the error
    },
    async untilWhole() {
      await comingBack;
      const { primary, replica } = await roles();
      if (primary !== expected)
        throw new Error("Sentinel failed over, but the primary was not killed");
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
    // Nothing was removed from the outbox, and what a failover lost did not happen.
    async events() {
      const record = new OutboxRecord(await connectToStore({ port: await primaryPort(set) }));
      try {
        return await new Publishing(record, nats.url).evidence([]);
      } finally {
        record.stop();
      }
    },
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
      await nats.stop();
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
