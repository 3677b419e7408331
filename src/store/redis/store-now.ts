import type { Redis } from "ioredis";

/** Returns the store's clock, in milliseconds. */
export async function storeNowMs(redis: Pick<Redis, "time">): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}
