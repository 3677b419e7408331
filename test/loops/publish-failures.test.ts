import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PublishFailures } from "../../src/loops/publish-failures.ts";

type Line = { facts: object; message: string };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function start() {
  const lines: Line[] = [];
  const add = (facts: object, message: string) => void lines.push({ facts, message });
  return { lines, failures: new PublishFailures({ warn: add, info: add }) };
}

const error = new Error("stream DLQ is full");

it("waits longer after each failure of a partition, at most 5 s, and begins anew after a success", () => {
  const { failures } = start();
  const pauses = () => Array.from({ length: 7 }, () => failures.failed(1, error));
  expect(pauses()).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  expect(failures.failed(2, error)).toBe(250);
  failures.succeeded(1);
  expect(failures.failed(1, error)).toBe(250);
});

it("logs the first failure, then one a minute, and the end of the last", () => {
  const { lines, failures } = start();
  failures.failed(1, error);
  vi.advanceTimersByTime(30_000);
  failures.failed(2, error);
  vi.advanceTimersByTime(31_000);
  failures.failed(1, error);
  failures.succeeded(1);
  vi.advanceTimersByTime(1_000);
  failures.succeeded(2);
  const message = "events cannot be published; they wait in the outbox; retrying";
  const facts = { partition: 1, error: error.message };
  expect(lines).toEqual([
    { facts, message },
    { facts, message },
    { facts: { outageMs: 62_000 }, message: "events are published again" },
  ]);
});

it("knows how long the oldest failure lasts, and why", () => {
  const { failures } = start();
  expect([failures.failingMs, failures.error]).toEqual([0, undefined]);
  failures.failed(1, error);
  vi.advanceTimersByTime(2_000);
  failures.failed(2, new Error("other"));
  expect([failures.failingMs, failures.error]).toEqual([2_000, error.message]);
  failures.succeeded(1);
  expect([failures.failingMs, failures.error]).toEqual([0, "other"]);
});

it("does not say that events are published when another server has taken their partition", () => {
  const { lines, failures } = start();
  failures.failed(1, error);
  vi.advanceTimersByTime(1_000);
  failures.dropped(1);
  expect(lines.at(-1)).toEqual({
    facts: { outageMs: 1_000 },
    message: "another server publishes the events that could not be published here",
  });
  expect(failures.failingMs).toBe(0);
});
