import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { Environment } from "./environment.ts";
import { CRASH_QUEUE, QUIET_QUEUE, SERVED_QUEUES } from "./queues.ts";

const QUEUES = [...SERVED_QUEUES, QUIET_QUEUE, CRASH_QUEUE];
const LOOK_MS = 50;
/** Work that is not less after so long is stuck. A crash loop alone takes five leases. */
const STUCK_MS = 240_000;

/**
 * Resolves when nothing waits for workers any more: all is done, or in quarantine.
 * @throws Error if work is left and gets no less
 */
export async function untilDrained(environment: Environment): Promise<void> {
  const redis = await environment.redis();
  try {
    let least = Number.POSITIVE_INFINITY;
    let leastAtMs = performance.now();
    for (;;) {
      const left = await Promise.all(QUEUES.map((queue) => waiting(redis, queue)));
      const sum = left.reduce((total, count) => total + count, 0);
      if (sum === 0) return;
      if (sum < least) {
        least = sum;
        leastAtMs = performance.now();
      }
      if (performance.now() - leastAtMs > STUCK_MS) {
        const words = QUEUES.map((queue, at) => `${queue} ${left[at]}`).join(", ");
        throw new Error(`work is left, and no less for ${STUCK_MS / 1_000} s: ${words}`);
      }
      await sleep(LOOK_MS);
    }
  } finally {
    redis.disconnect();
  }
}

async function waiting(redis: Redis, queue: string): Promise<number> {
  const keys = ["due", "isolated", "laned", "moving", "leases"].map(
    (index) => `dlq:{${queue}}:${index}`,
  );
  const sizes = await Promise.all(keys.map((key) => redis.zcard(key)));
  return sizes.reduce((sum, size) => sum + size, 0);
}
