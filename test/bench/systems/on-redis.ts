// A library on Redis: the system has only Redis and load processes.

import { startTestRedis } from "../../support/redis.ts";
import type { LoadProcess } from "../load/load-process.ts";
import { endAll, type Fsync, type RunningSystem, type SystemName } from "./system.ts";

/** @param launch starts a load process with the unix socket of Redis */
export async function startOnRedis(
  name: SystemName,
  fsync: Fsync,
  launch: (socketPath: string) => LoadProcess,
): Promise<RunningSystem> {
  const redis = await startTestRedis({ appendfsync: fsync });
  const loads: LoadProcess[] = [];
  return {
    name,
    grpcAddresses: [],
    loads,
    pids: () => ({ redis: [redis.pid] }),
    startLoad() {
      const load = launch(redis.socketPath);
      loads.push(load);
      return load;
    },
    redis: (...words) => redis.cli(...words),
    stop: () => endAll(loads, [() => redis.stop()]),
  };
}
