import { expect, test } from "vitest";
import { START_MS, until, useTestStore } from "../../support/store.ts";
import { hex, item, only, SETTINGS, session, storedId } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const HOUR_MS = 3_600_000;

test("after a jump back new messages are due now, though older ones are due later", async () => {
  const { store, clock } = at.current;
  await store.send(QUEUE, [item()], SETTINGS);
  await clock.set(START_MS - HOUR_MS);
  const id = storedId(only(await store.send(QUEUE, [item()], SETTINGS)));
  const { claimed, nextDueAtMs } = await at.current.tick(QUEUE, [session(1)]);
  expect(claimed.map((c) => hex(c.id))).toEqual([hex(id)]);
  expect(nextDueAtMs).toBe(START_MS);
});

test("a jump forward counts as an outage: leases get a grace", async () => {
  const { clock } = at.current;
  const store = at.current.openStore({ expiryGraceMs: 30_000 });
  await until("the connection", () => store.ready || undefined);
  const settings = { ttlAction: "quarantine", quarantineRetentionMs: 0 } as const;
  await store.send(QUEUE, [item()], SETTINGS);
  await store.tick(QUEUE, { claimNumber: 1, sessions: [session(1)], settings });
  await clock.set(START_MS + HOUR_MS);
  const tick = (claimNumber: number) => store.tick(QUEUE, { claimNumber, sessions: [], settings });
  expect(await tick(2)).toMatchObject({ lost: [], leasesOut: 1 });

  // Back again: the grace began in the future, and must not last until then.
  await clock.set(START_MS);
  await store.send(QUEUE, [item()], SETTINGS);
  await store.tick(QUEUE, { claimNumber: 3, sessions: [session(2)], settings });
  for (let second = 0; second <= 30; second += 2) {
    await clock.set(START_MS + second * 1_000);
    const { lost } = await tick(4 + second);
    if (second < 30) expect(lost).toEqual([]);
    else expect(lost).toHaveLength(1);
  }
});

test("NaN is refused before anything is written", async () => {
  const { store } = at.current;
  await store.send(QUEUE, [item()], SETTINGS);
  const before = await at.current.dump(QUEUE);
  const broken = item({ delayMs: Number.NaN });
  await expect(store.send(QUEUE, [item(), broken], SETTINGS)).rejects.toMatchObject({
    kind: "INTERNAL",
  });
  expect(await at.current.dump(QUEUE)).toEqual(before);
});

test("fractions of milliseconds are rounded", async () => {
  const { store } = at.current;
  const reply = only(await store.send(QUEUE, [item({ delayMs: 1_000.4 })], SETTINGS));
  expect(reply).toMatchObject({ dueAtMs: START_MS + 1_000 });
});
