import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { LoadProcess } from "../load/load-process.ts";
import { startOnRedis } from "./on-redis.ts";
import type { Fsync, RunningSystem, SystemName } from "./system.ts";

const PEER = resolve(import.meta.dirname, "../peers/bullmq");

export function startBullmq(name: SystemName, fsync: Fsync): Promise<RunningSystem> {
  if (!existsSync(resolve(PEER, "node_modules/bullmq"))) {
    throw new Error(
      "BullMQ is not installed; `npm run bench` installs it if npm can reach a registry",
    );
  }
  return startOnRedis(
    name,
    fsync,
    (socketPath) => new LoadProcess(process.execPath, [resolve(PEER, "load.mjs"), socketPath]),
  );
}
