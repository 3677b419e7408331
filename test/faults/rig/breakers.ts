import { queueBase } from "../../../src/store/redis/keys.ts";
import { GUARDED_QUEUE } from "../history/guarded-facts.ts";
import type { Crew } from "./crew.ts";
import { untilDrained } from "./drained.ts";
import type { Environment } from "./environment.ts";

/** Several rounds, because odd-acker may get a probe and let its lease expire. */
const ROUNDS = 10;

/**
 * Sends messages that succeed, so that open breakers can close. The checker reports breakers that stay open.
 */
export async function letBreakersClose(
  environment: Environment,
  crew: Crew,
  progress: (words: string) => void,
): Promise<void> {
  const redis = await environment.redis();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      if ((await redis.zcard(`${queueBase("dlq", GUARDED_QUEUE)}:breakers`)) === 0) return;
      await crew.sendGoodOnes();
      await untilDrained(environment, progress);
    }
  } finally {
    redis.disconnect();
  }
}
