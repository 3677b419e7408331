import { until } from "../../support/until.ts";
import { CRASH_QUEUE, LOAD_QUEUES, QUIET_QUEUE } from "./crew.ts";
import type { World } from "./world.ts";

const DEADLINE_MS = 180_000;

/** Resolves when nothing waits for workers any more: all is done, or in quarantine. */
export async function untilDrained(world: World): Promise<void> {
  const redis = await world.redis();
  const queues = [...LOAD_QUEUES, QUIET_QUEUE, CRASH_QUEUE];
  let left = "";
  const look = async () => {
    const counts = await Promise.all(
      queues.map(async (queue) => {
        const indexes = ["due", "isolated", "leases"].map((index) => `dlq:{${queue}}:${index}`);
        const sizes = await Promise.all(indexes.map((key) => redis.zcard(key)));
        return sizes.reduce((sum, size) => sum + size, 0);
      }),
    );
    left = queues.map((queue, at) => `${queue} ${counts[at]}`).join(", ");
    return counts.every((count) => count === 0) || undefined;
  };
  try {
    await until("all work to end", look, DEADLINE_MS);
  } catch {
    throw new Error(`work is left after ${DEADLINE_MS / 1_000} s: ${left}`);
  } finally {
    redis.disconnect();
  }
}
