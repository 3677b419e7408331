import { removeTornTransaction } from "../../../src/store/embedded/torn-transaction.ts";
import { scriptReplies } from "../../support/link-answers.ts";
import { LinkProxy } from "../../support/link-proxy.ts";
import { startTestRedis, type TestRedis } from "../../support/redis.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { openClientLinks } from "./client-links.ts";
import { type Environment, SERVER_ENV } from "./environment.ts";
import { StoreCalls } from "./store-calls.ts";
import { connectToStore } from "./store-connection.ts";

/** Three servers on one Redis, each connected through a link of its own. */
export interface ExternalEnvironment extends Environment {
  readonly name: "external" | "everysec";
  readonly store: TestRedis;
  /** In the order of the servers. */
  readonly storeLinks: readonly LinkProxy[];
  /** What the servers send to Redis, in their order. */
  readonly storeCalls: readonly StoreCalls[];
}

const SERVERS = 3;

export async function openExternalEnvironment(
  appendfsync: "always" | "everysec" = "always",
): Promise<ExternalEnvironment> {
  // What operate.md says for an own Redis: it would apply a part of a script's effects.
  const store = await startTestRedis({ appendfsync, beforeRestart: removeTornTransaction });
  const storeCalls = Array.from({ length: SERVERS }, () => new StoreCalls());
  const storeLinks = await Promise.all(
    storeCalls.map((calls) =>
      LinkProxy.open(
        () => [{ path: store.socketPath }],
        () => calls.seeing(scriptReplies()),
      ),
    ),
  );
  const servers: TestServer[] = await Promise.all(
    storeLinks.map(({ address }) =>
      startTestServer({ redisUrl: `redis://${address}`, env: SERVER_ENV }),
    ),
  );
  const clients = await openClientLinks(servers);
  return {
    name: appendfsync === "always" ? "external" : "everysec",
    words: `${SERVERS} servers, one Redis with appendfsync ${appendfsync}`,
    store,
    storeLinks,
    storeCalls,
    servers,
    clientLinks: clients.links,
    addresses: clients.addresses,
    balancer: clients.balancer,
    redis: () => connectToStore({ path: store.socketPath }),
    pids: () => ({
      redis: store.pid,
      ...Object.fromEntries(servers.map(({ pid }, at) => [`server-${at + 1}`, pid])),
    }),
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
      await clients.close();
      await Promise.all(storeLinks.map((link) => link.close()));
      await store.stop();
    },
  };
}
