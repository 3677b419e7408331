import { GUARDED_QUEUE } from "../history/lanes.ts";
import type { Crew } from "./crew.ts";
import { untilDrained } from "./drained.ts";
import type { World } from "./world.ts";

/** A probe may be in the hands of the odd acker, which lets some leases end. */
const ROUNDS = 10;

/**
 * Gives breakers that are open at the end something to try with. One that stays open all the same is
 * found by the checker.
 */
export async function letBreakersClose(world: World, crew: Crew): Promise<void> {
  const redis = await world.redis();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      if ((await redis.zcard(`dlq:{${GUARDED_QUEUE}}:breakers`)) === 0) return;
      await crew.sendGoodOnes();
      await untilDrained(world);
    }
  } finally {
    redis.disconnect();
  }
}
