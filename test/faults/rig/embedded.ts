import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { openClientLinks } from "./client-links.ts";
import { type Environment, SERVER_ENV } from "./environment.ts";
import { makeSmallDisk } from "./small-disk.ts";
import { connectToStore } from "./store-connection.ts";

/** One server with an embedded Redis, on a small disk if this user may mount one. */
export interface EmbeddedEnvironment extends Environment {
  readonly name: "embedded";
  readonly server: TestServer;
  /** The folder of the server: a small disk, if this user may mount one. */
  readonly disk: string;
  /** Settings for another server on the same folder. */
  readonly env: Readonly<Record<string, string>>;
  /** Pid of the embedded Redis. Undefined while it does not run. */
  redisPid(): number | undefined;
}

const DISK_MIB = 2_048;
/** Sends are refused below this much free space. */
export const DISK_LOW_MIB = 64;
/** A server that is restarted starts its Redis again. */
const SOCKET_DEADLINE_MS = 120_000;

export async function openEmbeddedEnvironment(): Promise<EmbeddedEnvironment> {
  const disk = makeSmallDisk(DISK_MIB);
  const dataDir = join(disk.path, "data");
  const env = { ...SERVER_ENV, DLQ_DATA_DIR: dataDir, DLQ_DISK_LOW: `${DISK_LOW_MIB}MiB` };
  const server = await startTestServer({ env });
  const clients = await openClientLinks([server]);
  const redisPid = () => pidOfRedisIn(dataDir);
  return {
    name: "embedded",
    words: `one server with its embedded Redis, on ${disk.isSmall ? `a disk of ${DISK_MIB} MiB in memory` : "the disk of the machine"}`,
    server,
    servers: [server],
    disk: disk.path,
    env,
    clientLinks: clients.links,
    addresses: clients.addresses,
    balancer: clients.balancer,
    redisPid,
    redis: async () => {
      const socket = () => socketIn(dataDir);
      return connectToStore({ path: await until("Redis' socket", socket, SOCKET_DEADLINE_MS) });
    },
    pids() {
      const pid = redisPid();
      return { "server-1": server.pid, ...(pid === undefined ? {} : { redis: pid }) };
    },
    async stop() {
      await server.stop();
      await clients.close();
      disk.remove();
    },
  };
}

/** Undefined while Redis does not run. */
function socketIn(dataDir: string): string | undefined {
  const names = readdirSync(dataDir, { recursive: true }).map(String);
  const name = names.find((path) => basename(path) === "redis.sock");
  return name === undefined ? undefined : join(dataDir, name);
}

function pidOfRedisIn(dataDir: string): number | undefined {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const words = readCommand(pid);
    if (words.includes("redis-server") && words.includes(dataDir)) return Number(pid);
  }
  return undefined;
}

function readCommand(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // the process has just ended
  }
}
