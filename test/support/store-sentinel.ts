import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { findRedisServer, freePort, startTestRedis, type TestRedis } from "./redis.ts";
import { until } from "./until.ts";

/** A primary, its replica and one sentinel that watches them, on loopback ports. */
export interface SentinelSet {
  readonly primary: TestRedis;
  readonly replica: TestRedis;
  readonly sentinelPort: number;
  readonly name: string;
  /** Reports whether Sentinel lists a replica on this port as in sync, fit for a failover. */
  knowsReplica(port: number): Promise<boolean>;
  stop(): Promise<void>;
}

const NAME = "dlq-primary";
/** Short, so that a failover takes a second or two. */
const DOWN_AFTER_MS = 300;

/**
 * @param downAfterMs how long a Redis may be silent before it counts as dead. On a machine that is
 * kept busy a short one ends in unwanted failovers.
 */
export async function startSentinelSet(downAfterMs = DOWN_AFTER_MS): Promise<SentinelSet> {
  // Else the primary waits 5 s for more replicas to come.
  const args = ["--repl-diskless-sync-delay", "0"];
  const primary = await startTestRedis({ port: true, args });
  const following = ["--replicaof", "127.0.0.1", String(primary.port)];
  const replica = await startTestRedis({ port: true, args: following });
  await until(
    "the replica to follow",
    async () =>
      (await replica.cli("INFO", "replication")).includes("master_link_status:up") || undefined,
  );

  const dir = await mkdtemp(join(tmpdir(), "dlq-sentinel-"));
  const sentinelPort = await freePort();
  const config = join(dir, "sentinel.conf");
  await writeFile(
    config,
    [
      `port ${sentinelPort}`,
      "bind 127.0.0.1",
      `dir ${dir}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${primary.port} 1`,
      `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
      `sentinel failover-timeout ${NAME} 3000`,
    ].join("\n"),
  );
  const sentinel = spawn(findRedisServer(), [config, "--sentinel"], { stdio: "ignore" });
  const killWithTest = () => void sentinel.kill("SIGKILL");
  process.once("exit", killWithTest);
  const lists = (port: number) => knowsReplica(sentinelPort, port);
  await until("Sentinel to list the replica", async () => (await lists(replica.port)) || undefined);

  return {
    primary,
    replica,
    sentinelPort,
    name: NAME,
    knowsReplica: lists,
    async stop() {
      process.off("exit", killWithTest);
      await end(sentinel);
      await Promise.all([
        primary.stop(),
        replica.stop(),
        rm(dir, { recursive: true, force: true }),
      ]);
    },
  };
}

async function knowsReplica(sentinelPort: number, port: number): Promise<boolean> {
  const address = { host: "127.0.0.1", port: sentinelPort };
  const client = new Redis({ ...address, protocol: 2, retryStrategy: () => 20 });
  client.on("error", () => {});
  try {
    const replicas = (await client.call("SENTINEL", "REPLICAS", NAME)) as string[][];
    return replicas.some((fields) => {
      const field = (name: string) => fields[fields.indexOf(name) + 1];
      const isUp = field("flags") === "slave" && field("master-link-status") === "ok";
      return isUp && field("port") === String(port);
    });
  } finally {
    client.disconnect();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}
