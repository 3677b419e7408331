// The servers that scenarios are played against. Most share one server. Those that stop it use another one, which is
// started again after each scenario.

import { QUEUE_KEYS, queueBase } from "../../src/store/redis/keys.ts";
import { connectTo, type TestClient } from "../support/grpc.ts";
import { startTestRedis, type TestRedis } from "../support/redis.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

/** The values of `server` steps. */
export type ServerChange = "stop" | "start" | "kill" | "restart" | "drain";

export interface ScenarioServer {
  /** Where connections of agents go now, on loopback. */
  readonly port: number;
  /** The harness's own connection, not over a link. */
  readonly client: TestClient;
  change(what: ServerChange): Promise<void>;
  /** Gives a key of the queue the wrong type, until `repair`. */
  damage(queue: string): Promise<void>;
  repair(queue: string): Promise<void>;
  /** Starts the server again if it was stopped; the data stay. */
  restore(): Promise<void>;
  stop(): Promise<void>;
  /** The last output of the server, for failures. */
  output(): string;
}

/** The token of agents. */
export const TOKEN = "token-of-scenarios";
const SETTINGS = {
  env: { DLQ_TOKENS: TOKEN, DLQ_EXPIRY_GRACE_MAX: "1s", DLQ_DRAIN_GRACE: "20s" },
};

const portOf = (server: TestServer) => Number(server.grpcAddress.split(":")[1]);
const clientOf = (server: TestServer) => connectTo(server.grpcAddress, { token: TOKEN });

const notOwn = () => Promise.reject(new Error("this server is not the scenario's own"));

/** With the embedded Redis, as by default. No scenario may stop it. */
export async function startSharedServer(): Promise<ScenarioServer> {
  const server = await startTestServer(SETTINGS);
  const client = clientOf(server);
  return {
    port: portOf(server),
    client,
    change: notOwn,
    damage: notOwn,
    repair: notOwn,
    restore: () => Promise.resolve(),
    async stop() {
      client.close();
      await server.stop();
    },
    output: () => server.output(),
  };
}

/** With a Redis of its own, so that a second server can take over. */
export async function startOwnServer(): Promise<ScenarioServer> {
  const redis = await startTestRedis();
  return new OwnServer(redis, await startWith(redis));
}

/** Each call on a queue uses it. */
const damagedKey = (queue: string) => `${queueBase("dlq", queue)}${QUEUE_KEYS.counters}`;
const startWith = (redis: TestRedis) => startTestServer({ ...SETTINGS, redisUrl: redis.url });

class OwnServer implements ScenarioServer {
  readonly #redis: TestRedis;
  #server: TestServer;
  #client: TestClient;
  #isUp = true;
  /** Servers that drain and then end. */
  #draining: Promise<void>[] = [];

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

  async damage(queue: string): Promise<void> {
    const key = damagedKey(queue);
    await this.#redis.cli("RENAME", key, `${key}:kept`);
    await this.#redis.cli("SET", key, "of the wrong type");
  }

  async repair(queue: string): Promise<void> {
    const key = damagedKey(queue);
    await this.#redis.cli("RENAME", `${key}:kept`, key);
  }

  async restore(): Promise<void> {
    if (!this.#isUp) await this.change("start");
    await Promise.all(this.#draining.splice(0));
  }

  async stop(): Promise<void> {
    this.#client.close();
    await Promise.all([this.#server.stop(), ...this.#draining]);
    await this.#redis.stop();
  }

  output(): string {
    return this.#server.output();
  }

  /** As in a rolling deployment: new connections go to another server, and this one gets SIGTERM. */
  async #drain(): Promise<void> {
    const [old, oldClient] = [this.#server, this.#client];
    this.#server = await startWith(this.#redis);
    this.#client = clientOf(this.#server);
    oldClient.close();
    this.#draining.push(old.stop());
  }
}
