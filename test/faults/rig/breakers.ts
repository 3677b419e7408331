import { GUARDED_QUEUE } from "../history/guarded-facts.ts";
import type { Crew } from "./crew.ts";
import { untilDrained } from "./drained.ts";
import type { Environment } from "./environment.ts";

/** A probe may be in the hands of the odd acker, which lets some leases end. */
const ROUNDS = 10;

/**
 * Gives breakers that are open at the end something to try with. One that stays open all the same is
 * found by the checker.
 */
export async function letBreakersClose(environment: Environment, crew: Crew): Promise<void> {
  const redis = await environment.redis();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      if ((await redis.zcard(`dlq:{${GUARDED_QUEUE}}:breakers`)) === 0) return;
      await crew.sendGoodOnes();
      await untilDrained(environment);
    }
  } finally {
    redis.disconnect();
  }
}
