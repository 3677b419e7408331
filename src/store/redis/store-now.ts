import type { Redis } from "ioredis";

/** Lua lines that set `now`, the time of Redis in milliseconds. */
export const LUA_NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** Returns the store's clock, in milliseconds. */
export async function storeNowMs(redis: Pick<Redis, "time">): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}
