// Steps of several rows: fill a queue, and empty it with workers.

import type { ConsumeCommand, LoadResult, SendCommand, Target } from "./load/commands.ts";
import type { LoadProcess } from "./load/load-process.ts";

/** Much longer than any step, so that a hang fails the row and not the whole benchmark. */
export const DEADLINE_MS = 120_000;

/** Limit for storing one message. */
const FILL_ONE_MS = 1;
const FILL_BATCH = 100;
const FILL_IN_FLIGHT = 8;

/** Stores `count` messages. @throws Error if one is missing */
export async function fill(
  load: LoadProcess,
  target: Target,
  count: number,
  over: Partial<SendCommand> = {},
): Promise<void> {
  const result = await load.run(
    { op: "send", batch: FILL_BATCH, inFlight: FILL_IN_FLIGHT, count, ...target, ...over },
    DEADLINE_MS + count * FILL_ONE_MS,
  );
  if (result.count !== count) throw new Error(`${result.count} of ${count} messages were stored`);
}

export type Consume = Omit<ConsumeCommand, "op">;

/** Consumes exactly `total` messages with all `loads` together. */
export async function consume(
  loads: readonly LoadProcess[],
  command: Consume,
  total: number,
): Promise<readonly LoadResult[]> {
  const done = loads.map(() => 0);
  let stopped = false;
  const asked = loads.map((load, index) =>
    load.run({ op: "consume", ...command }, DEADLINE_MS, (count) => {
      done[index] = count;
      if (!stopped && sum(done) >= total) stopAll();
    }),
  );
  const stopAll = () => {
    stopped = true;
    for (const load of loads) load.stop();
  };
  try {
    const results = await Promise.all(asked);
    const count = sum(results.map((result) => result.count));
    if (count !== total) throw new Error(`${count} outcomes for ${total} messages`);
    return results;
  } catch (error) {
    stopAll();
    await Promise.allSettled(asked);
    throw error;
  }
}

/** Messages per second between the first and the last answer. Not finite if all answers came at once. */
export function rateOf(results: readonly LoadResult[]): number {
  const active = results.filter(({ count }) => count > 0);
  const count = sum(active.map((result) => result.count));
  const firstAtMs = Math.min(...active.map((result) => result.firstAtMs ?? Number.NaN));
  const lastAtMs = Math.max(...active.map((result) => result.lastAtMs ?? Number.NaN));
  const first = active.find((result) => result.firstAtMs === firstAtMs);
  return ((count - (first?.firstCount ?? 0)) * 1_000) / (lastAtMs - firstAtMs);
}

export async function expectEmpty(load: LoadProcess, target: Target): Promise<void> {
  const { count } = await load.run({ op: "left", ...target }, DEADLINE_MS);
  if (count !== 0) throw new Error(`${count} messages are left in ${target.queue}`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
