import { connectToRedis } from "../soak/redis-figures.ts";

/**
 * Removes all request ids from the store, as happens 10 to 20 minutes after a request. Spooled sends that come later
 * must be recognized by their `send_number`.
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
