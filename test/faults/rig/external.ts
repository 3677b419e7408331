import { removeTornTransaction } from "../../../src/store/embedded/torn-transaction.ts";
import { scriptReplies } from "../../support/link-answers.ts";
import { LinkProxy } from "../../support/link-proxy.ts";
import { startTestRedis, type TestRedis } from "../../support/redis.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { openClientLinks } from "./client-links.ts";
import { type Environment, SERVER_ENV } from "./environment.ts";
import { StoreCalls } from "./store-calls.ts";
import { connectToStore } from "./store-connection.ts";

/** Servers on one Redis, each connected through a link of its own. */
export interface ExternalEnvironment extends Environment {
  readonly name: "external" | "everysec" | "events";
  readonly store: TestRedis;
  /** In the order of the servers. */
  readonly storeLinks: readonly LinkProxy[];
  /** What the servers send to Redis, in their order. */
  readonly storeCalls: readonly StoreCalls[];
}

export interface ExternalOptions {
  readonly name: ExternalEnvironment["name"];
  /** Default: 3. */
  readonly servers?: number;
  /** Further settings of a server, by its place from 0. */
  readonly envOf?: (place: number) => Readonly<Record<string, string>>;
}

export async function openExternalEnvironment(
  options: ExternalOptions,
): Promise<ExternalEnvironment> {
  const { name, servers: count = 3, envOf } = options;
  const appendfsync = name === "everysec" ? "everysec" : "always";
  // What operate.md says for an own Redis: it would apply a part of a script's effects.
  const store = await startTestRedis({ appendfsync, beforeRestart: removeTornTransaction });
  const storeCalls = Array.from({ length: count }, () => new StoreCalls());
  const storeLinks = await Promise.all(
    storeCalls.map((calls) =>
      LinkProxy.open(
        () => [{ path: store.socketPath }],
        () => calls.seeing(scriptReplies()),
      ),
    ),
  );
  const servers: TestServer[] = await Promise.all(
    storeLinks.map(({ address }, at) =>
      startTestServer({
        redisUrl: `redis://${address}`,
        env: { ...SERVER_ENV, ...envOf?.(at) },
      }),
    ),
  );
  const clients = await openClientLinks(servers);
  return {
    name,
    words: `${count === 2 ? "two" : "three"} servers, one Redis with appendfsync ${appendfsync}`,
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
