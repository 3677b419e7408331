import type { StoreDescription } from "../contract.ts";
import type { Connection } from "./connection.ts";
import { serverWarnings } from "./server-check.ts";
import type { Sessions } from "./sessions.ts";
import { storeNowMs } from "./store-now.ts";

/** Without the right to ask, they are left out. */
const SETTINGS = ["appendonly", "appendfsync", "maxmemory-policy", "min-replicas-to-write"];

interface DescribeParts {
  connection: Connection;
  prefix: string;
  nodeId: string;
  sessions: Pick<Sessions, "aliveNodes">;
  /** Called before each use of the store; see Opening. */
  enter(): Promise<void> | undefined;
}

/** Reads what Redis says about itself, by a few short commands. */
export async function describeStore(parts: DescribeParts): Promise<StoreDescription> {
  const { connection, prefix, nodeId, sessions, enter } = parts;
  await enter();
  const info = await connection.command((redis) => redis.info());
  const nowMs = await connection.command(storeNowMs);
  const found = await connection
    .command((redis) => redis.call("CONFIG", "GET", ...SETTINGS))
    .catch(() => []);
  const value = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, "m").exec(info)?.[1] ?? "";
  return {
    version: value("redis_version"),
    nowMs,
    usedMemoryBytes: Number(value("used_memory")) || 0,
    maxMemoryBytes: Number(value("maxmemory")) || 0,
    replicas: Number(value("connected_slaves")) || 0,
    settings: pairsOf(found),
    warnings: await serverWarnings(connection, info, prefix),
    server: nodeId,
    servers: [...(await sessions.aliveNodes())],
  };
}

function pairsOf(found: unknown): Record<string, string> {
  if (!Array.isArray(found)) return {};
  const pairs: Record<string, string> = {};
  for (let at = 0; at + 1 < found.length; at += 2) pairs[String(found[at])] = String(found[at + 1]);
  return pairs;
}
