import { connectToRedis } from "../soak/redis-figures.ts";

/**
 * Has the service forget all request ids at once: it promises to know them for 10 minutes, and does so
 * for longer. What clients deliver later has to be known by its `send_number`.
 *
 * @param dataDir of a server with an embedded Redis
 */
export async function forgetRequests(dataDir: string): Promise<void> {
  const redis = await connectToRedis(dataDir);
  try {
    let count = 0;
    for await (const page of redis.scanStream({ match: "*:answers:*" })) {
      const keys = page as string[];
      if (keys.length > 0) count += await redis.unlink(...keys);
    }
    if (count === 0) throw new Error("no answers to requests were found in Redis");
  } finally {
    redis.disconnect();
  }
}
