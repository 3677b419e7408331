import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PublishFailures } from "../../src/loops/publish-failures.ts";

type Line = { facts: object; message: string };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** `waiting`: the partitions that have something to publish; `missed`: changes that were removed so far. */
function start() {
  const lines: Line[] = [];
  const add = (facts: object, message: string) => void lines.push({ facts, message });
  const state = { waiting: [] as number[], missed: 0 };
  const failures = new PublishFailures({
    log: { warn: add, info: add },
    waitingPartitions: () => state.waiting,
    missed: () => state.missed,
    logMissed: async () => {
      if (state.missed > 0) add({}, REMOVED);
    },
  });
  const settled = () => vi.advanceTimersByTimeAsync(0);
  return { lines, state, failures, settled };
}

const REMOVED = "events were removed";

const error = new Error("stream DLQ is full");

it("waits longer after each failure of a partition, at most 5 s, and begins anew after a success", () => {
  const { failures } = start();
  const pauses = () => Array.from({ length: 7 }, () => failures.failed(1, error));
  expect(pauses()).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  expect(failures.failed(2, error)).toBe(250);
  failures.published(1, 1, true);
  expect(failures.failed(1, error)).toBe(250);
});

const FAILED = "events cannot be published; they wait in the outbox; retrying";

const AGAIN = "events are published again";

it("logs each error at once, and again every 10 minutes", () => {
  const { lines, failures } = start();
  const failAll = () => {
    failures.failed(1, error);
    failures.failed(2, new Error("other"));
    failures.failed(3, error);
  };
  failAll();
  failAll();
  const logged = [
    { facts: { partition: 1, error: error.message }, message: FAILED },
    { facts: { partition: 2, error: "other" }, message: FAILED },
  ];
  expect(lines).toEqual(logged);
  vi.advanceTimersByTime(599_000);
  failAll();
  expect(lines).toEqual(logged);
  vi.advanceTimersByTime(1_000);
  failAll();
  expect(lines).toEqual([...logged, ...logged]);
});

it("logs an error that comes again after the end, with what was missed since then", async () => {
  const { lines, state, failures, settled } = start();
  for (const missed of [3, 40]) {
    failures.failed(1, error);
    state.missed += missed;
    failures.published(1, 1, true);
    await settled();
  }
  expect(lines.filter(({ message }) => message !== REMOVED)).toMatchObject([
    { message: FAILED },
    { message: AGAIN, facts: { missed: 3 } },
    { message: FAILED },
    { message: AGAIN, facts: { missed: 40 } },
  ]);
});

it("logs at most 10 failures and their ends in a minute", async () => {
  const { lines, state, failures, settled } = start();
  const flap = async (times: number) => {
    for (let n = 0; n < times; n++) {
      failures.failed(1, error);
      failures.published(1, 1, true);
      await settled();
    }
  };
  await flap(30);
  expect(lines).toHaveLength(20);
  failures.failed(1, error);
  state.missed = 7;
  vi.advanceTimersByTime(60_000);
  failures.failed(1, error);
  failures.published(1, 1, true);
  await settled();
  const facts = { outageMs: 60_000, published: 1, missed: 7 };
  expect(lines.slice(20)).toEqual([
    { facts: { partition: 1, error: error.message }, message: FAILED },
    { facts: {}, message: REMOVED },
    { facts, message: AGAIN },
  ]);
});

it("logs the end when nothing waits any more that waited when the last failure ended", async () => {
  const { lines, state, failures, settled } = start();
  state.missed = 5;
  failures.failed(1, error);
  vi.advanceTimersByTime(61_000);
  failures.failed(2, error);
  failures.published(1, 100, false);
  vi.advanceTimersByTime(1_000);
  state.waiting = [1, 2, 3];
  failures.published(2, 10, true);
  vi.advanceTimersByTime(1_000);
  failures.published(1, 100, true);
  failures.caughtUp(4);
  state.missed = 12;
  expect(lines).toHaveLength(1);
  failures.caughtUp(3);
  failures.published(3, 1, true);
  await settled();
  const facts = { outageMs: 62_000, published: 210, missed: 7 };
  expect(lines.slice(1)).toEqual([
    { facts: {}, message: REMOVED },
    { facts, message: AGAIN },
  ]);
});

it("does not log the end if it fails again meanwhile", async () => {
  const { lines, state, failures, settled } = start();
  failures.failed(1, error);
  state.waiting = [1];
  failures.published(1, 100, false);
  failures.failed(1, error);
  state.waiting = [];
  failures.caughtUp(2);
  expect(lines).toHaveLength(1);
  failures.published(1, 1, true);
  await settled();
  expect(lines.at(-1)).toMatchObject({ facts: { published: 101 } });
});

it("knows how long the oldest failure lasts, and why", () => {
  const { failures } = start();
  expect([failures.failingMs, failures.error?.message]).toEqual([0, undefined]);
  failures.failed(1, error);
  vi.advanceTimersByTime(2_000);
  failures.failed(2, new Error("other"));
  expect([failures.failingMs, failures.error?.message]).toEqual([2_000, error.message]);
  failures.published(1, 1, true);
  expect([failures.failingMs, failures.error?.message]).toEqual([0, "other"]);
});

it("does not say that events are published when another server has taken their partition", async () => {
  const { lines, failures, settled } = start();
  failures.failed(1, error);
  vi.advanceTimersByTime(1_000);
  failures.dropped(1);
  await settled();
  expect(lines.at(-1)).toEqual({
    facts: { outageMs: 1_000, published: 0, missed: 0 },
    message: "another server publishes the events that could not be published here",
  });
  expect(failures.failingMs).toBe(0);
});
