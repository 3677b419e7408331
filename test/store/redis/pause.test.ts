import { describe, expect, test } from "vitest";
import { START_MS, useTestStore } from "../../support/store.ts";
import { item, NO_REQUEST, only, outcome, SETTINGS, session } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const send = (...items: Parameters<typeof item>[0][]) =>
  at.current.store.send(QUEUE, items.map(item), SETTINGS);
const UNTIL_MS = START_MS + 60_000;
const ENDLESS = { paused: true } as const;
const BOUNDED = { paused: true, pausedUntilAtMs: UNTIL_MS } as const;

describe("a paused queue", () => {
  test("hands out nothing and has no due time until it is resumed", async () => {
    await send({}, { delayMs: 5_000 });
    const reply = await at.current.tick(QUEUE, [session(1)], ENDLESS);
    expect(reply).toMatchObject({ claimed: [], nextDueAtMs: undefined, headTooLarge: false });
    expect((await at.current.tick(QUEUE, [session(1)])).claimed).toHaveLength(1);
  });

  test("ends by the store's clock and returns when", async () => {
    await send({});
    const reply = await at.current.tick(QUEUE, [session(1)], BOUNDED);
    expect(reply).toMatchObject({ claimed: [], nextDueAtMs: UNTIL_MS });
    await at.current.clock.advance(59_999);
    expect((await at.current.tick(QUEUE, [session(1)], BOUNDED)).claimed).toEqual([]);
    await at.current.clock.advance(1);
    expect((await at.current.tick(QUEUE, [session(1)], BOUNDED)).claimed).toHaveLength(1);
  });

  test("returns the first due time if that is later than the end of the pause", async () => {
    await send({ delayMs: 90_000 });
    const reply = await at.current.tick(QUEUE, [session(1)], BOUNDED);
    expect(reply.nextDueAtMs).toBe(START_MS + 90_000);
  });

  test("an end in the past is no pause", async () => {
    await send({});
    const passed = { paused: true, pausedUntilAtMs: START_MS };
    expect((await at.current.tick(QUEUE, [session(1)], passed)).claimed).toHaveLength(1);
  });

  test("hands out no isolated deliveries either", async () => {
    await send({});
    for (let n = 0; n < 2; n++) {
      await at.current.tick(QUEUE, [session(1)]);
      await at.current.clock.advance(30_000);
      await at.current.tick(QUEUE);
    }
    const idle = session(1, { canIsolate: true });
    const reply = await at.current.tick(QUEUE, [idle], ENDLESS);
    expect(reply).toMatchObject({ claimed: [], nextIsolatedAtMs: undefined });
    expect(only((await at.current.tick(QUEUE, [idle])).claimed).isolated).toBe(true);
  });

  test("accepts sends and outcomes, and ends leases and lives", async () => {
    await send({}, { ttlMs: 1_000 });
    const claims = (await at.current.tick(QUEUE, [session(1, { count: 1 })])).claimed;
    const settled = await at.current.store.settle(QUEUE, NO_REQUEST, [
      outcome(only(claims), "failReschedule", { delayMs: 500 }),
    ]);
    expect(settled?.results).toMatchObject([{ status: "APPLIED" }]);
    const again = (await at.current.tick(QUEUE, [session(1, { count: 1 })])).claimed;
    expect(again).toHaveLength(1);
    await at.current.clock.advance(30_000);
    const reply = await at.current.tick(QUEUE, [session(1)], ENDLESS);
    expect(reply.claimed).toEqual([]);
    expect(reply.lost.length + reply.ended.length).toBeGreaterThan(0);
  });
});
