import { startTestServer } from "../../support/server.ts";
import { type SentinelSet, startSentinelSet } from "../../support/store-sentinel.ts";
import { openClientLinks } from "./client-links.ts";
import { connectToStore } from "./store-connection.ts";
import { SERVER_ENV, type World } from "./world.ts";

/** Two servers on a primary with a replica, watched by Sentinel. */
export interface SentinelWorld extends World {
  readonly name: "sentinel";
  readonly set: SentinelSet;
  /** Port of the Redis that is the primary now, as Sentinel says. */
  primaryPort(): Promise<number>;
}

export async function openSentinelWorld(): Promise<SentinelWorld> {
  const set = await startSentinelSet();
  const env = {
    ...SERVER_ENV,
    DLQ_REDIS_SENTINELS: `127.0.0.1:${set.sentinelPort}`,
    DLQ_REDIS_SENTINEL_NAME: set.name,
    DLQ_REDIS_SERVER: "",
  };
  const start = () => startTestServer({ env });
  const servers = await Promise.all([start(), start()]);
  const clients = await openClientLinks(servers);
  const primaryPort = async () => {
    const sentinel = await connectToStore({ port: set.sentinelPort });
    try {
      const found = await sentinel.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", set.name);
      return Number((found as string[])[1]);
    } finally {
      sentinel.disconnect();
    }
  };
  return {
    name: "sentinel",
    words: "two servers, a primary and a replica (appendfsync always) behind Sentinel",
    set,
    servers,
    clientLinks: clients.links,
    addresses: clients.addresses,
    balancer: clients.balancer,
    primaryPort,
    redis: async () => connectToStore({ port: await primaryPort() }),
    pids: () => ({
      primary: set.primary.pid,
      replica: set.replica.pid,
      ...Object.fromEntries(servers.map(({ pid }, at) => [`server-${at + 1}`, pid])),
    }),
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
      await clients.close();
      await set.stop();
    },
  };
}
