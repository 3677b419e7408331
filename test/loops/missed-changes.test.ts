import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { MissedChanges } from "../../src/loops/missed-changes.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const QUEUES: Readonly<Record<number, readonly string[]>> = {
  1: ["orders", "invoices"],
  2: Array.from({ length: 12 }, (_, n) => `q${n}`),
};

function start(queuesIn = async (partition: number) => QUEUES[partition] ?? []) {
  const lines: object[] = [];
  let counted = 0;
  const missed = new MissedChanges({
    queuesIn,
    observer: {
      eventsMissed: (count) => {
        counted += count;
      },
    },
    log: { warn: (facts, message) => void lines.push({ ...facts, message }) },
    now: () => 7_000,
  });
  return { missed, lines, counted: () => counted };
}

const message = "events were removed before NATS took them; consumers get events_missed";

it("counts at once, and logs at most once a minute, with the queues", async () => {
  const { missed, lines, counted } = start();
  expect([missed.count, missed.lastAtMs]).toEqual([0, undefined]);
  await missed.log();
  missed.add(1, 5);
  missed.add(1, 2);
  expect([missed.count, missed.lastAtMs, counted()]).toEqual([7, 7_000, 7]);
  await missed.log();
  missed.add(2, 10);
  missed.add(1, 1);
  await missed.log();
  vi.advanceTimersByTime(60_000);
  await missed.log();
  await missed.log();
  const ten = ["q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9"];
  expect(lines).toEqual([
    { changes: 7, partitions: [1], queues: ["orders", "invoices"], message },
    { changes: 11, partitions: [2, 1], queues: ten, message },
  ]);
});

it("logs what waits for the next line when publishing works again", async () => {
  const { missed, lines } = start();
  missed.add(1, 900);
  await missed.log();
  missed.add(1, 29_905);
  await missed.log();
  await missed.logMissed();
  await missed.logMissed();
  expect(lines).toMatchObject([{ changes: 900 }, { changes: 29_905 }]);
});

it("logs without queues if the store does not answer", async () => {
  const { missed, lines } = start(() => Promise.reject(new Error("no answer")));
  missed.add(1, 5);
  await missed.log();
  expect(lines).toEqual([{ changes: 5, partitions: [1], queues: [], message }]);
});

it("logs changes that the store has lost, of all partitions together", async () => {
  const { missed, lines, counted } = start();
  missed.addUndone(1, 3);
  missed.addUndone(2, 1);
  await missed.log();
  expect([missed.count, counted()]).toEqual([0, 4]);
  expect(lines).toMatchObject([
    {
      ...{ changes: 4, partitions: [1, 2] },
      message: "Redis lost changes whose events were published; consumers get events_missed",
    },
  ]);
});
