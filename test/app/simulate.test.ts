// SimulatePolicy over messages in a real store.

import { expect, test } from "vitest";
import {
  createSimulate,
  SIMULATED_MESSAGES,
  type SimulateCommand,
} from "../../src/app/simulate.ts";
import { encodeRetrySettings } from "../../src/codec/retry-settings.ts";
import { PRESETS } from "../../src/core/presets.ts";
import { DEFAULT_QUEUE_SETTINGS, type RetryPolicy } from "../../src/core/settings.ts";
import type { SendItem, Store } from "../../src/store/contract.ts";
import { useTestStore } from "../support/store.ts";
import { item, NO_REQUEST, outcome, SETTINGS, session } from "../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const NEVER = new AbortController().signal;

const policy = (changes: Partial<RetryPolicy>): RetryPolicy => ({
  ...{ ...PRESETS.network, jitter: "none", backoff: { kind: "fixed" }, initialDelayMs: 5_000 },
  ...changes,
});

function simulate(command: Partial<SimulateCommand>, retryPolicy?: RetryPolicy, signal = NEVER) {
  const run = createSimulate({
    store: at.current.store,
    settingsOf: () => DEFAULT_QUEUE_SETTINGS,
    now: () => at.current.clock.nowMs,
  });
  const settings: SimulateCommand["settings"] = (inForce) =>
    retryPolicy === undefined ? inForce : { ...inForce, retryPolicy };
  return run(
    {
      ...{ queue: QUEUE, settings, reason: "UNKNOWN_ERROR", startAtMs: undefined, stored: true },
      ...command,
    },
    signal,
  );
}

const send = (...items: Partial<SendItem>[]) =>
  at.current.store.send(QUEUE, items.map(item), SETTINGS);
const counts = (found: { retried: readonly { withinMs: number; count: number }[] } | undefined) =>
  Object.fromEntries(
    (found?.retried ?? []).filter(({ count }) => count > 0).map((one) => [one.withinMs, one.count]),
  );

test("messages of every state are counted with the tried policy", async () => {
  await send(
    { delayMs: 60_000 },
    { delayMs: 60_000, priority: 3 },
    {},
    {
      quarantineReason: "NON_RETRYABLE",
    },
  );
  const { claimed } = await at.current.tick(QUEUE, [session(1)]);
  expect(claimed).toHaveLength(1);
  const before = await at.current.dump(QUEUE);
  const tried = await simulate({}, policy({ maxRetries: 3 }));
  expect(tried.stored).toMatchObject({ examinedCount: 4, quarantinedCount: 0 });
  expect(counts(tried.stored)).toEqual({ 10000: 4 });
  const strict = await simulate({}, policy({ maxRetries: 1 }));
  expect(strict.stored).toMatchObject({ examinedCount: 4, quarantinedCount: 4 });
  expect(await at.current.dump(QUEUE), "nothing has changed").toEqual(before);
});

test("attempts so far and a message's own settings count", async () => {
  await send({}, { retrySettings: encodeRetrySettings({ maxRetries: 1 }) });
  const { claimed } = await at.current.tick(QUEUE, [session(1)]);
  await at.current.store.settle(
    QUEUE,
    NO_REQUEST,
    claimed.slice(0, 1).map((one) => outcome(one, "failReschedule")),
  );
  const found = await simulate({}, policy({ maxRetries: 2 }));
  expect(found.stored).toMatchObject({ examinedCount: 2, quarantinedCount: 2 });
  expect((await simulate({}, policy({ maxRetries: 3 }))).stored?.quarantinedCount).toBe(1);
});

test("the schedule alone does not read the store", async () => {
  const startAtMs = Date.UTC(2030, 0, 1);
  const found = await simulate({ stored: false, startAtMs }, policy({ maxRetries: 2 }));
  expect(found.stored).toBeUndefined();
  expect(found.policy).toMatchObject({ maxRetries: 2, initialDelayMs: 5_000 });
  expect(found.schedule.attempts.map(({ dueAtMs }) => dueAtMs - startAtMs)).toEqual([
    5_000, 10_000,
  ]);
});

test("without a policy the one in force for the reason is used", async () => {
  const found = await simulate({ stored: false, reason: "TIMEOUT" });
  expect(found.policy).toEqual(PRESETS.network);
});

test("a bounded number of messages of each state is examined", async () => {
  let looked = 0;
  const messages = {
    ...at.current.store.messages,
    async walk(_queue: string, state: string, from = { index: 0, start: 0 }) {
      if (state !== "SCHEDULED") return { messages: [], next: undefined };
      looked += 700;
      const one = {
        ...{ id: new Uint8Array(16), reason: "TIMEOUT", poisoned: false, attempts: 0 },
        ...{ roundStartedAtMs: 1, retrySettings: new Uint8Array() },
      } as const;
      return {
        messages: Array.from({ length: 700 }, () => one),
        next: { ...from, start: from.start + 700 },
      };
    },
  } as unknown as Store["messages"];
  const run = createSimulate({
    store: { messages },
    settingsOf: () => DEFAULT_QUEUE_SETTINGS,
    now: () => 0,
  });
  const found = await run(
    {
      ...{ queue: QUEUE, settings: (inForce) => inForce, reason: "TIMEOUT" },
      ...{ startAtMs: undefined, stored: true },
    },
    NEVER,
  );
  expect(found.stored?.examinedCount).toBe(SIMULATED_MESSAGES);
  expect(looked).toBe(10_500);
});

test("an aborted call stops the walk", async () => {
  await send({});
  await expect(simulate({}, undefined, AbortSignal.abort())).rejects.toThrow();
});
