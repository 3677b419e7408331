import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { queueBase } from "../../../src/store/redis/keys.ts";
import type { Environment } from "./environment.ts";
import { CRASH_QUEUE, EXPIRING_QUEUE, JOB_QUEUES, RARE_QUEUES, SERVED_QUEUES } from "./queues.ts";

const QUEUES = [...SERVED_QUEUES, ...RARE_QUEUES, ...JOB_QUEUES, EXPIRING_QUEUE, CRASH_QUEUE];
/** Messages that are due later stay: they wait for batch jobs. */
const SOON_MS = 3_600_000;
const CHECK_MS = 50;
/** Work that does not decrease for so long is stuck. A crash loop takes five leases. */
const STUCK_MS = 240_000;
const PROGRESS_MS = 15_000;

/**
 * Resolves when no messages wait for workers or are in flight; until then, `progress` says now and then how many are left.
 * @throws Error if work is left and does not decrease
 */
export async function untilDrained(
  environment: Environment,
  progress: (words: string) => void,
): Promise<void> {
  const redis = await environment.redis();
  try {
    let least = Number.POSITIVE_INFINITY;
    let leastAtMs = performance.now();
    let saidAtMs = performance.now();
    for (;;) {
      const left = await Promise.all(QUEUES.map((queue) => waiting(redis, queue)));
      const sum = left.reduce((total, count) => total + count, 0);
      if (sum === 0) return;
      if (sum < least) {
        least = sum;
        leastAtMs = performance.now();
      }
      if (performance.now() - saidAtMs > PROGRESS_MS) {
        saidAtMs = performance.now();
        progress(`${sum} messages are left`);
      }
      if (performance.now() - leastAtMs > STUCK_MS) {
        const words = QUEUES.map((queue, at) => `${queue} ${left[at]}`).join(", ");
        throw new Error(`work is left and has not decreased for ${STUCK_MS / 1_000} s: ${words}`);
      }
      await sleep(CHECK_MS);
    }
  } finally {
    redis.disconnect();
  }
}

async function waiting(redis: Redis, queue: string): Promise<number> {
  const keys = ["isolated", "laned", "moving", "leases"].map(
    (index) => `${queueBase("dlq", queue)}:${index}`,
  );
  const sizes = await Promise.all([
    redis.zcount(`${queueBase("dlq", queue)}:due`, "-inf", Date.now() + SOON_MS),
    ...keys.map((key) => redis.zcard(key)),
  ]);
  return sizes.reduce((sum, size) => sum + size, 0);
}
