import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { openClientLinks } from "./client-links.ts";
import { connectToStore } from "./store-connection.ts";
import { SERVER_ENV, type World } from "./world.ts";

/** One server with its embedded Redis, on a small disk of its own. */
export interface EmbeddedWorld extends World {
  readonly name: "embedded";
  readonly server: TestServer;
  /** The folder on the small disk that holds everything. */
  readonly disk: string;
  /** Settings of the server, as another one on the same folder would have them. */
  readonly env: Readonly<Record<string, string>>;
  /** The embedded Redis, whoever started it; undefined while there is none. */
  redisPid(): number | undefined;
}

const DISK_MIB = 2_048;
/** Sends are refused below this much free space. */
export const DISK_LOW_MIB = 64;

export async function openEmbeddedWorld(): Promise<EmbeddedWorld> {
  const disk = mkdtempSync("/tmp/dlq-disk-"); // short: the path of a unix socket is in it
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}m`, "dlq-faults", disk]);
  process.once("exit", () => removeDisk(disk));
  const dataDir = join(disk, "data");
  const env = { ...SERVER_ENV, DLQ_DATA_DIR: dataDir, DLQ_DISK_LOW: `${DISK_LOW_MIB}MiB` };
  const server = await startTestServer({ env });
  const clients = await openClientLinks([server]);
  const redisPid = () => pidOfRedisIn(dataDir);
  return {
    name: "embedded",
    words: `one server with its embedded Redis, on a disk of ${DISK_MIB} MiB`,
    server,
    servers: [server],
    disk,
    env,
    clientLinks: clients.links,
    addresses: clients.addresses,
    balancer: clients.balancer,
    redisPid,
    redis: () => connectToStore({ path: socketIn(dataDir) }),
    pids() {
      const pid = redisPid();
      return { "server-1": server.pid, ...(pid === undefined ? {} : { redis: pid }) };
    },
    async stop() {
      await server.stop();
      await clients.close();
      removeDisk(disk);
    },
  };
}

function socketIn(dataDir: string): string {
  const names = readdirSync(dataDir, { recursive: true }).map(String);
  const name = names.find((path) => basename(path) === "redis.sock");
  if (name === undefined) throw new Error(`no Redis runs in ${dataDir}`);
  return join(dataDir, name);
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
    return ""; // it has ended meanwhile
  }
}

function removeDisk(disk: string): void {
  try {
    execFileSync("umount", ["-l", disk], { stdio: "ignore" });
  } catch {
    return; // it is gone already
  }
  rmSync(disk, { recursive: true, force: true });
}
