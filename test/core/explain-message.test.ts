import { describe, expect, it, test } from "vitest";
import {
  explainMessage,
  type MessageHold,
  type MessageSituation,
} from "../../src/core/explain-message.ts";
import type { QueueConditionCode } from "../../src/core/queue-conditions.ts";

const NOW_MS = Date.parse("2026-03-01T12:00:00Z");
const HOLD: MessageHold = {
  ...{ limiter: undefined, key: "", inFlightOfKey: 0, checkAtMs: undefined },
  breaker: { state: "CLOSED", retryAtMs: undefined },
  ...{ behind: undefined, ahead: 0 },
};
const MESSAGE: MessageSituation = {
  ...{ id: "m-1", nowMs: NOW_MS, state: "SCHEDULED", quarantineReason: undefined, decision: "" },
  ...{ sinceMs: NOW_MS - 60_000, dueAtMs: NOW_MS - 1_000, retentionEndsAtMs: undefined },
  ...{ workerId: undefined, leaseExpireAtMs: undefined, streamEnded: false },
  ...{ movesTo: undefined, isolated: false },
  ...{ blocks: HOLD, conditions: [] },
};
const explain = (over: Partial<MessageSituation>) => explainMessage({ ...MESSAGE, ...over });
const held = (over: Partial<MessageHold>) => explain({ blocks: { ...HOLD, ...over } });
const condition = (code: QueueConditionCode) => ({ code, message: `${code}.` });

test("in quarantine: since when, why, what was decided, and how to retry", () => {
  const decision = "attempt 3 of 3 failed (preset webhook)";
  const [one, ...others] = explain({
    ...{ state: "QUARANTINED", quarantineReason: "RETRIES_EXHAUSTED", decision },
  });
  expect(one?.text).toBe(
    'It has been in quarantine since 2026-03-01T11:59:00.000Z, because as many attempts failed as its policy allows (attempt 3 of 3 failed (preset webhook)). It stays there until somebody decides; to try it again, repair the cause and call Retry with "ids": ["m-1"].',
  );
  expect([one?.untilMs, others]).toEqual([undefined, []]);
  const [ending] = explain({ state: "QUARANTINED", retentionEndsAtMs: NOW_MS + 5 });
  expect(ending?.text).toContain("It is removed when its time in quarantine ends");
  expect(ending?.untilMs).toBe(NOW_MS + 5);
});

test("in flight: which worker holds it, and until when", () => {
  const lease = { state: "IN_FLIGHT", leaseExpireAtMs: NOW_MS + 9 } as const;
  const [held] = explain({ ...lease, workerId: "billing-1" });
  expect(held?.text).toContain("Worker billing-1 has held it since 2026-03-01T11:59:00.000Z.");
  expect(held?.untilMs).toBe(NOW_MS + 9);
  const [ended] = explain({ ...lease, workerId: "billing-1", streamEnded: true });
  expect(ended?.text).toContain(
    "Worker billing-1 got it at 2026-03-01T11:59:00.000Z, and its stream has ended.",
  );
  expect(explain({ ...lease, streamEnded: true })[0]?.text).toMatch(/^A worker got it/);
});

test("on its way to another queue", () => {
  expect(explain({ movesTo: "late" })).toEqual([
    { text: "A routing rule is moving it to queue late; this takes some seconds." },
  ]);
});

test("not due yet: until when, what was decided, and whether the queue is paused", () => {
  const dueAtMs = NOW_MS + 60_000;
  const conditions = [condition("PAUSED"), condition("NO_WORKERS")];
  const decision = "attempt 1 of 3 failed; delay from preset webhook";
  expect(explain({ dueAtMs, decision, conditions })).toEqual([
    {
      text: 'It waits for its due time (attempt 1 of 3 failed; delay from preset webhook); to deliver it now, call Retry with "ids": ["m-1"].',
      untilMs: dueAtMs,
    },
    { text: "PAUSED." },
  ]);
});

describe("due", () => {
  it("goes next if nothing holds it back", () => {
    expect(held({})).toEqual([
      { text: "It has been due since 2026-03-01T11:59:59.000Z; a worker gets it next." },
    ]);
  });

  it("waits for what holds back its queue", () => {
    const codes = ["PAUSED", "BREAKER_OPEN", "NO_WORKERS", "WORKERS_BUSY", "LIMITED"] as const;
    const conditions = [...codes, "QUARANTINED", "DELIVERING", "ORDER_HELD"] as const;
    const blocks = { ...HOLD, ahead: 7 };
    expect(explain({ conditions: conditions.map(condition), blocks })).toEqual([
      ...codes.map((code) => ({ text: `${code}.` })),
      {
        text: "It has been due since 2026-03-01T11:59:59.000Z, behind 7 that were due before.",
      },
    ]);
  });

  it("does not wait for what holds back others", () => {
    const conditions = [
      { ...condition("BREAKER_OPEN"), partly: true },
      { ...condition("LIMITED"), partly: true },
    ];
    expect(explain({ conditions })[0]?.text).toContain("a worker gets it next");
  });

  it("has an unknown place if it is in a key queue or has a priority", () => {
    expect(held({ ahead: undefined })).toEqual([
      {
        text: "It has been due since 2026-03-01T11:59:59.000Z; a worker gets it when those before it have been delivered.",
      },
    ]);
  });

  it("waits behind another message of its ordering key", () => {
    const behind = { id: "m-0", orderingKey: "customer-4", holdEndsAtMs: NOW_MS + 7 };
    expect(held({ behind: { ...behind, state: "IN_FLIGHT" } })).toEqual([
      {
        text: "It waits behind message m-0 of ordering key customer-4, which is IN_FLIGHT; it is next when that one has ended.",
      },
    ]);
    const [one] = held({ behind: { ...behind, state: "QUARANTINED" } });
    expect(one?.text).toContain('call ReleaseOrderingKey with "ordering_key": "customer-4"');
    expect(one?.untilMs).toBe(NOW_MS + 7);
  });

  it.each([
    ["OPEN", /The breaker of key acme is open, .* call ResetBreaker\.$/, 5],
    ["HALF_OPEN", /lets only probes through/, 3],
    ["CLOSED", /Key acme has reached its rate or its limit of messages in flight \(4 are\)/, 3],
  ] as const)("waits for its limiter key, whose breaker is %s", (state, text, untilMs) => {
    const key = { limiter: "key", key: "acme", inFlightOfKey: 4, checkAtMs: 3 } as const;
    const [one] = held({ ...key, breaker: { state, retryAtMs: state === "OPEN" ? 5 : undefined } });
    expect(one?.text).toMatch(text);
    expect(one?.untilMs).toBe(untilMs);
  });

  it("waits for the retry budget, or to be delivered alone", () => {
    expect(held({ limiter: "budget", checkAtMs: 8 })[0]).toEqual({
      text: expect.stringContaining("the retry budget of its queue is used up"),
      untilMs: 8,
    });
    const [alone] = explain({ isolated: true });
    expect(alone?.text).toContain("it is delivered alone");
  });
});
