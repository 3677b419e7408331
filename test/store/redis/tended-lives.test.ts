import { describe, expect, test } from "vitest";
import { useTestStore } from "../../support/store.ts";
import { item, SETTINGS } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** A look of the tender comes so often here; in a server, each second. */
const LOOK_MS = 60 * MINUTE_MS;

const RETENTION_MS = 2 * DAY_MS;
const settings = { ttlAction: "discard", quarantineRetentionMs: RETENTION_MS } as const;

/** Lets time pass. The queue has no stream: it is ticked only when a look finds it overdue. Returns the number of ticks. */
async function pass(ms: number): Promise<number> {
  const { store, clock } = at.current;
  let ticks = 0;
  for (const endsAtMs = clock.nowMs + ms; clock.nowMs < endsAtMs; ) {
    await clock.advance(Math.min(LOOK_MS, endsAtMs - clock.nowMs));
    await store.signOfLife();
    const { queues } = await store.wakeUps.overdue();
    for (const queue of queues) await at.current.tick(queue, [], settings);
    ticks += queues.length;
  }
  return ticks;
}

const kept = async () => (await at.current.dump(QUEUE)).messages.size;

describe.each([
  ["a retention", item({ quarantineReason: "PRODUCER_REQUEST" })],
  ["a time to live", item({ ttlMs: RETENTION_MS, delayMs: MINUTE_MS })],
])("%s in a queue without streams", (_, message) => {
  const send = async () => {
    await at.current.store.send(QUEUE, [message], SETTINGS);
    await pass(LOOK_MS);
  };

  test("ends in time", async () => {
    await send();
    const ticks = await pass(RETENTION_MS - 2 * LOOK_MS);
    expect({ ticks, kept: await kept() }).toEqual({ ticks: 0, kept: 1 });
    await pass(2 * LOOK_MS);
    expect(await kept()).toBe(0);
  });

  test("outlives a step forward of the clock for a day, and ends then", async () => {
    await send();
    const { clock } = at.current;
    await clock.set(clock.nowMs + 5 * DAY_MS);
    await pass(DAY_MS - 2 * LOOK_MS);
    expect(await kept()).toBe(1);
    await pass(4 * LOOK_MS);
    expect(await kept()).toBe(0);
  });

  test("ends in time after the clock was corrected", async () => {
    await send();
    const { clock } = at.current;
    const beforeMs = clock.nowMs;
    await clock.set(beforeMs + 5 * DAY_MS);
    await pass(3 * LOOK_MS);
    await clock.set(beforeMs + 3 * LOOK_MS);
    await pass(RETENTION_MS - 6 * LOOK_MS);
    expect(await kept()).toBe(1);
    await pass(4 * LOOK_MS);
    expect(await kept()).toBe(0);
  });
});
