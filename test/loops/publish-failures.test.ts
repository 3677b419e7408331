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
    waiting: () => state.waiting,
    missed: () => state.missed,
  });
  return { lines, state, failures };
}

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

it("logs the first failure, another one after a minute, and the same every 10 minutes", () => {
  const { lines, failures } = start();
  failures.failed(1, error);
  vi.advanceTimersByTime(59_000);
  failures.failed(2, new Error("other"));
  vi.advanceTimersByTime(1_000);
  failures.failed(1, error);
  failures.failed(2, new Error("other"));
  vi.advanceTimersByTime(599_000);
  failures.failed(2, new Error("other"));
  vi.advanceTimersByTime(1_000);
  failures.failed(2, new Error("other"));
  expect(lines).toEqual([
    { facts: { partition: 1, error: error.message }, message: FAILED },
    { facts: { partition: 2, error: "other" }, message: FAILED },
    { facts: { partition: 2, error: "other" }, message: FAILED },
  ]);
});

it("logs the end when nothing waits any more that waited when the last failure ended", () => {
  const { lines, state, failures } = start();
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
  const facts = { outageMs: 62_000, published: 210, missed: 7 };
  expect(lines.slice(1)).toEqual([{ facts, message: "events are published again" }]);
});

it("does not log the end if it fails again meanwhile", () => {
  const { lines, state, failures } = start();
  failures.failed(1, error);
  state.waiting = [1];
  failures.published(1, 100, false);
  failures.failed(1, error);
  state.waiting = [];
  failures.caughtUp(2);
  expect(lines).toHaveLength(1);
  failures.published(1, 1, true);
  expect(lines.at(-1)).toMatchObject({ facts: { published: 101 } });
});

it("knows how long the oldest failure lasts, and why", () => {
  const { failures } = start();
  expect([failures.failingMs, failures.error]).toEqual([0, undefined]);
  failures.failed(1, error);
  vi.advanceTimersByTime(2_000);
  failures.failed(2, new Error("other"));
  expect([failures.failingMs, failures.error]).toEqual([2_000, error.message]);
  failures.published(1, 1, true);
  expect([failures.failingMs, failures.error]).toEqual([0, "other"]);
});

it("does not say that events are published when another server has taken their partition", () => {
  const { lines, failures } = start();
  failures.failed(1, error);
  vi.advanceTimersByTime(1_000);
  failures.dropped(1);
  expect(lines.at(-1)).toEqual({
    facts: { outageMs: 1_000, published: 0, missed: 0 },
    message: "another server publishes the events that could not be published here",
  });
  expect(failures.failingMs).toBe(0);
});
