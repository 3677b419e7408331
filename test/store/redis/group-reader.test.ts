import { afterEach, expect, it, vi } from "vitest";
import { GroupReader } from "../../../src/store/redis/group-reader.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** A store without groups, whose reads take `tookMs`. */
function readerOf(tookMs: number) {
  let nowMs = 0;
  const calls = { reads: 0 };
  const read = async () => {
    calls.reads++;
    nowMs += tookMs;
    return [["1", "0"], ...Array.from({ length: 512 }, () => 0)] as never[];
  };
  const never = () => Promise.reject(new Error("there are no groups to read"));
  const reader = new GroupReader({
    connection: { read, run: never, runMany: never },
    ...{ prefix: "t", timeoutMs: 1_000, enter: async () => {}, now: () => nowMs },
  });
  return { reader, calls };
}

it("reads again each time, if that is quick", async () => {
  const { reader, calls } = readerOf(20);
  await reader.all();
  await reader.all();
  expect(calls.reads).toBe(2);
});

it("reuses a long read for five times as long, until a change", async () => {
  vi.useFakeTimers();
  const { reader, calls } = readerOf(200);
  const first = await reader.all();
  expect(await reader.all()).toBe(first);
  vi.advanceTimersByTime(999);
  await reader.all();
  expect(calls.reads).toBe(1);
  vi.advanceTimersByTime(1);
  await reader.all();
  expect(calls.reads).toBe(2);
  reader.forget();
  await reader.all();
  expect(calls.reads).toBe(3);
});

it("shares a read among callers that wait, and none with one that began before them", async () => {
  const { reader, calls } = readerOf(20);
  const running = reader.all();
  await Promise.resolve();
  const waiting = [reader.all(), reader.all(), reader.all()];
  const [first, ...others] = await Promise.all([running, ...waiting]);
  expect(new Set(others).size).toBe(1);
  expect(others[0]).not.toBe(first);
  expect(calls.reads).toBe(2);
});

it("does not reuse a long read that began before a change", async () => {
  const { reader, calls } = readerOf(200);
  const running = reader.all();
  await Promise.resolve();
  reader.forget();
  await running;
  await reader.all();
  expect(calls.reads).toBe(2);
});
