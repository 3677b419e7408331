import { removeTornTransaction } from "../../../src/store/embedded/torn-transaction.ts";
import { scriptReplies } from "../../support/link-answers.ts";
import { LinkProxy } from "../../support/link-proxy.ts";
import { startTestRedis, type TestRedis } from "../../support/redis.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { openClientLinks } from "./client-links.ts";
import { type Environment, SERVER_ENV } from "./environment.ts";
import { connectToStore } from "./store-connection.ts";

/** Three servers on one Redis, connected through a link. */
export interface ExternalEnvironment extends Environment {
  readonly name: "external" | "everysec";
  readonly store: TestRedis;
  readonly storeLink: LinkProxy;
}

const SERVERS = 3;

export async function openExternalEnvironment(
  appendfsync: "always" | "everysec" = "always",
): Promise<ExternalEnvironment> {
  // What operate.md says for an own Redis: it would apply a part of a script's effects.
  const store = await startTestRedis({ appendfsync, beforeRestart: removeTornTransaction });
  const storeLink = await LinkProxy.open(() => [{ path: store.socketPath }], scriptReplies);
  const redisUrl = `redis://${storeLink.address}`;
  const start = () => startTestServer({ redisUrl, env: SERVER_ENV });
  const servers: TestServer[] = await Promise.all(Array.from({ length: SERVERS }, start));
  const clients = await openClientLinks(servers);
  return {
    name: appendfsync === "always" ? "external" : "everysec",
    words: `${SERVERS} servers, one Redis with appendfsync ${appendfsync}`,
    store,
    storeLink,
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
      await storeLink.close();
      await store.stop();
    },
  };
}
