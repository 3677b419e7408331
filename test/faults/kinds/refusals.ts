import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../support/until.ts";
import type { HistoryFollower } from "../rig/history-follower.ts";

/** Long, because the store may be disconnected or restarting at the same time. */
const SEEN_DEADLINE_MS = 180_000;
const AGAIN_MS = 100;

/**
 * Keeps the store full for a while, until a send was refused and then an outcome was applied.
 * @param fill makes it full; called repeatedly, because the store may restart in between
 * @throws Error if no send was refused or no outcome was applied
 */
export async function keepFull(
  seen: HistoryFollower,
  forMs: number,
  fill: () => void | Promise<void>,
): Promise<string> {
  const { refusedFull } = seen;
  const refused = () => seen.refusedFull - refusedFull;
  const filled = async (what: string, isSeen: () => boolean) => {
    const look = async () => {
      await fill();
      if (isSeen()) return true;
      await sleep(AGAIN_MS);
      return undefined;
    };
    await until(what, look, SEEN_DEADLINE_MS);
  };
  await filled("a send to be refused", () => refused() > 0);
  const { applied } = seen;
  const taken = () => seen.applied - applied;
  const endAtMs = performance.now() + forMs;
  await filled("outcomes to be applied while sends are refused", () => {
    return taken() > 0 && performance.now() > endAtMs;
  });
  return `${refused()} sends refused, ${taken()} answers to outcomes during that`;
}
