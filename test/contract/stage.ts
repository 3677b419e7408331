// The servers that scenarios are played against. Most share one; those that stop it have another,
// which is mended after each.

import { connectTo, type TestClient } from "../support/grpc.ts";
import { startTestRedis, type TestRedis } from "../support/redis.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

/** What `server` steps say. */
export type ServerChange = "stop" | "start" | "kill" | "restart" | "drain";

export interface Stage {
  /** Where agents' connections go at present, on loopback. */
  readonly port: number;
  /** The harness's own connection, past every link. */
  readonly client: TestClient;
  change(what: ServerChange): Promise<void>;
  /** Makes it as it was at first; the store keeps what it has. */
  restore(): Promise<void>;
  stop(): Promise<void>;
  /** The last words of the server, for failures. */
  output(): string;
}

/** What agents present. */
export const TOKEN = "token-of-scenarios";
const SETTINGS = {
  env: { DLQ_TOKENS: TOKEN, DLQ_EXPIRY_GRACE_MAX: "1s", DLQ_DRAIN_GRACE: "20s" },
};

const portOf = (server: TestServer) => Number(server.grpcAddress.split(":")[1]);
const clientOf = (server: TestServer) => connectTo(server.grpcAddress, { token: TOKEN });

/** With the embedded Redis, as it is by default; nobody may stop it. */
export async function startSharedStage(): Promise<Stage> {
  const server = await startTestServer(SETTINGS);
  const client = clientOf(server);
  return {
    port: portOf(server),
    client,
    change: () => Promise.reject(new Error("this server is not the scenario's own")),
    restore: () => Promise.resolve(),
    async stop() {
      client.close();
      await server.stop();
    },
    output: () => server.output(),
  };
}

/** With a Redis beside it, so that a second server may take over. */
export async function startOwnStage(): Promise<Stage> {
  const redis = await startTestRedis();
  const stage = new OwnStage(redis, await startBeside(redis));
  return stage;
}

const startBeside = (redis: TestRedis) => startTestServer({ ...SETTINGS, redisUrl: redis.url });

class OwnStage implements Stage {
  readonly #redis: TestRedis;
  #server: TestServer;
  #client: TestClient;
  #isUp = true;
  /** Servers that drain, and end by themselves. */
  #leaving: Promise<void>[] = [];

  constructor(redis: TestRedis, server: TestServer) {
    this.#redis = redis;
    this.#server = server;
    this.#client = clientOf(server);
  }

  get port(): number {
    return portOf(this.#server);
  }

  get client(): TestClient {
    return this.#client;
  }

  async change(what: ServerChange): Promise<void> {
    if (what === "drain") return this.#drain();
    if (what === "kill") await this.#server.kill9();
    else if (what === "stop") await this.#server.terminate();
    else await this.#server.restart();
    this.#isUp = what === "start" || what === "restart";
  }

  async restore(): Promise<void> {
    if (!this.#isUp) await this.change("start");
    await Promise.all(this.#leaving.splice(0));
  }

  async stop(): Promise<void> {
    this.#client.close();
    await Promise.all([this.#server.stop(), ...this.#leaving]);
    await this.#redis.stop();
  }

  output(): string {
    return this.#server.output();
  }

  /** As a rolling deployment does: another server takes what is new, and this one is asked to end. */
  async #drain(): Promise<void> {
    const [old, oldClient] = [this.#server, this.#client];
    this.#server = await startBeside(this.#redis);
    this.#client = clientOf(this.#server);
    oldClient.close();
    this.#leaving.push(old.stop());
  }
}
