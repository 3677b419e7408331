import { describe, expect, it, test } from "vitest";
import {
  type QueueConditionCode,
  type QueueSnapshot,
  queueConditions,
} from "../../src/core/queue-conditions.ts";

function queue(changes: Partial<QueueSnapshot>): QueueSnapshot {
  return { scheduled: 0, dueNow: 0, inFlight: 0, quarantined: 0, workers: 0, ...changes };
}

function text(changes: Partial<QueueSnapshot>, code: QueueConditionCode): string | undefined {
  return queueConditions(queue(changes)).find((answer) => answer.code === code)?.text;
}

test.each<[string, Partial<QueueSnapshot>, QueueConditionCode[]]>([
  ["nothing at all", {}, ["EMPTY"]],
  ["nothing yet", { isUnused: true }, ["EMPTY"]],
  ["nothing, with workers", { workers: 2 }, ["EMPTY"]],
  ["only quarantined", { quarantined: 4, workers: 2 }, ["ALL_QUARANTINED"]],
  [
    "some quarantined, others delivered",
    { scheduled: 5, dueNow: 5, quarantined: 4, workers: 1 },
    ["QUARANTINED", "DELIVERING"],
  ],
  [
    "some quarantined, full workers hold back others",
    { scheduled: 5, dueNow: 5, inFlight: 3, quarantined: 4, workers: 1, freeCredit: 0 },
    ["WORKERS_BUSY", "QUARANTINED"],
  ],
  [
    "some quarantined, no worker",
    { scheduled: 5, quarantined: 4 },
    ["NO_WORKERS", "NOTHING_DUE", "QUARANTINED"],
  ],
  ["due, no worker", { scheduled: 5, dueNow: 5 }, ["NO_WORKERS"]],
  ["due, only quiet workers", { scheduled: 5, dueNow: 5, quietWorkers: 1 }, ["NO_WORKERS"]],
  [
    "due, room, and a quiet worker",
    { scheduled: 5, dueNow: 5, workers: 1, freeCredit: 3, quietWorkers: 1 },
    ["DELIVERING"],
  ],
  ["not due, no worker", { scheduled: 5 }, ["NO_WORKERS", "NOTHING_DUE"]],
  ["not due", { scheduled: 5, workers: 1 }, ["NOTHING_DUE"]],
  [
    "not due, some in flight",
    { scheduled: 5, inFlight: 1, workers: 1 },
    ["NOTHING_DUE", "DELIVERING"],
  ],
  ["in flight, the workers left", { inFlight: 3 }, ["NO_WORKERS"]],
  ["due, room", { scheduled: 5, dueNow: 5, workers: 1, freeCredit: 3 }, ["DELIVERING"]],
  ["due, room unknown", { scheduled: 5, dueNow: 5, workers: 1 }, ["DELIVERING"]],
  [
    "due, no room",
    { scheduled: 5, dueNow: 5, inFlight: 16, workers: 1, freeCredit: 0 },
    ["WORKERS_BUSY"],
  ],
  [
    "not due, no room",
    { scheduled: 5, inFlight: 16, workers: 1, freeCredit: 0 },
    ["NOTHING_DUE", "DELIVERING"],
  ],
  [
    "due, but only alone",
    { scheduled: 2, dueNow: 2, isolatedDue: 2, inFlight: 4, workers: 1, freeCredit: 12 },
    ["ISOLATING", "DELIVERING"],
  ],
  [
    "due alone, and alone it is",
    { scheduled: 2, dueNow: 2, isolatedDue: 2, workers: 1 },
    ["DELIVERING"],
  ],
  ["paused", { scheduled: 2, dueNow: 2, workers: 1, paused: true }, ["PAUSED"]],
  ["paused, and empty", { paused: true }, ["PAUSED", "EMPTY"]],
  ["paused, all quarantined", { paused: true, quarantined: 1 }, ["PAUSED", "ALL_QUARANTINED"]],
  ["sends refused, and empty", { sendsRefused: "the disk is full" }, ["SENDS_REFUSED", "EMPTY"]],
  [
    "sends refused, and delivering",
    { scheduled: 1, dueNow: 1, workers: 1, sendsRefused: "the disk is full" },
    ["SENDS_REFUSED", "DELIVERING"],
  ],
  ["breaker", { scheduled: 2, dueNow: 2, workers: 1, breakerOpen: true }, ["BREAKER_OPEN"]],
  [
    "everything at once",
    { scheduled: 2, paused: true, breakerOpen: true },
    ["PAUSED", "BREAKER_OPEN", "NO_WORKERS", "NOTHING_DUE"],
  ],
])("%s", (_name, changes, codes) => {
  expect(queueConditions(queue(changes)).map((answer) => answer.code)).toEqual(codes);
});

describe("the texts", () => {
  it("give the reason and the end of a pause", () => {
    expect(text({ paused: true }, "PAUSED")).toBe(
      'The queue is paused; to resume it, call UpdateQueue with "pause": {} in its config.',
    );
    const paused = { paused: true, pausedReason: "down", pausedUntilAtMs: 1_900_000_000_000 };
    expect(text(paused, "PAUSED")).toBe(
      'The queue is paused (down) until 2030-03-17T17:46:40.000Z; wait, or to resume it, call UpdateQueue with "pause": {} in its config.',
    );
  });

  it("give the time until the first message is due", () => {
    expect(text({ scheduled: 1, workers: 1, nextDueInMs: 29_001 }, "NOTHING_DUE")).toContain(
      "1 message scheduled, none due yet; the first is due in 30 s",
    );
  });

  it("name the call of a worker", () => {
    expect(text({ scheduled: 1, dueNow: 1 }, "NO_WORKERS")).toContain("StreamDue");
  });

  it("name the call that lets quiet workers take messages again", () => {
    const one = text({ scheduled: 1, dueNow: 1, quietWorkers: 1 }, "NO_WORKERS");
    expect(one).toMatch(/^1 worker is quiet, .*call QuietWorker with "quiet": false/);
    expect(text({ inFlight: 3, quietWorkers: 2 }, "NO_WORKERS")).toMatch(
      /^2 workers are quiet, .*; 3 in flight will be acknowledged/,
    );
  });

  it("count", () => {
    expect(text({ quarantined: 4 }, "ALL_QUARANTINED")).toContain("All 4 messages are");
    expect(text({ quarantined: 4, inFlight: 1 }, "QUARANTINED")).toMatch(/^4 messages are/);
    expect(
      text({ scheduled: 9, dueNow: 9, inFlight: 16, workers: 2, freeCredit: 0 }, "WORKERS_BUSY"),
    ).toContain("(2) are full: 16 in flight, 9 due messages");
    expect(
      text({ dueNow: 9, scheduled: 9, workers: 2, freeCredit: 0, quietWorkers: 3 }, "WORKERS_BUSY"),
    ).toContain("The open streams (2, besides 3 quiet) are full");
  });
});

describe("a condition that blocks some messages", () => {
  const busy = { scheduled: 5, dueNow: 3, inFlight: 2, quarantined: 0, workers: 1, freeCredit: 9 };
  const codes = (over: object) => queueConditions({ ...busy, ...over }).map(({ code }) => code);

  it("is reported with DELIVERING", () => {
    expect(codes({ openBreakers: 2, blockingLimiters: 2 })).toEqual(["BREAKER_OPEN", "DELIVERING"]);
    expect(codes({ blockingLimiters: 1 })).toEqual(["LIMITED", "DELIVERING"]);
    expect(codes({ heldKeys: 1 })).toEqual(["ORDER_HELD", "DELIVERING"]);
  });

  it("is the queue's own rate", () => {
    expect(codes({ nextTokenInMs: 1 })).toEqual(["LIMITED", "DELIVERING"]);
    expect(codes({ nextTokenInMs: 90_000, inFlight: 0 })).toEqual(["LIMITED"]);
    expect(codes({ nextTokenInMs: 1, dueNow: 0 })).toEqual(["NOTHING_DUE", "DELIVERING"]);
    expect(text({ ...busy, nextTokenInMs: 89_001 }, "LIMITED")).toContain(
      "the next message is delivered in 90 s",
    );
  });

  it("does not mention keys while the breaker of the queue is open", () => {
    expect(codes({ breakerOpen: true, openBreakers: 1 })).toEqual(["BREAKER_OPEN"]);
  });
});

test("a queue that nothing has come into may be misspelled", () => {
  expect(text({ isUnused: true }, "EMPTY")).toContain("compare its name");
  expect(text({ isUnused: false }, "EMPTY")).toBe("The queue is empty; nothing to do.");
});
