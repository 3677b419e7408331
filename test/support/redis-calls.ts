import type { Redis } from "ioredis";

/** How often Redis ran a command, also in scripts, during the work. */
export async function redisCalls(
  redis: Redis,
  command: string,
  work: () => Promise<unknown>,
): Promise<number> {
  await redis.config("RESETSTAT");
  await work();
  const found = new RegExp(`^cmdstat_${command}:calls=(\\d+)`, "m");
  return Number(found.exec(await redis.info("commandstats"))?.[1] ?? 0);
}
