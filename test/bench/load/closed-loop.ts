import type { LoadResult, SendCommand } from "./commands.ts";
import { nowMs, Tally } from "./tally.ts";

/**
 * Keeps a number of calls in flight until the count or the time is reached. `call` sends the messages from `at` to
 * `at + size` and rejects if one of them is refused.
 */
export async function closedLoop(
  command: Pick<SendCommand, "batch" | "inFlight" | "count" | "seconds">,
  call: (at: number, size: number) => Promise<unknown>,
): Promise<LoadResult> {
  const { batch, inFlight, count = Number.POSITIVE_INFINITY, seconds } = command;
  const endAtMs = seconds === undefined ? Number.POSITIVE_INFINITY : nowMs() + seconds * 1_000;
  const tally = new Tally();
  let next = 0;
  const caller = async () => {
    while (next < count && nowMs() < endAtMs) {
      const at = next;
      const size = Math.min(batch, count - at);
      next += size;
      const startedAtMs = nowMs();
      await call(at, size);
      tally.took(nowMs() - startedAtMs);
      tally.add(size);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return tally.result();
}
