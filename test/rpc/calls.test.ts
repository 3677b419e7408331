import { toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  AckStatus,
  ConditionCode,
  RetryRefusal,
  StatsResponseSchema,
} from "../../gen/dlq/v1/dlq_service_pb.ts";
import { MessageState, QuarantineReason, Reason } from "../../gen/dlq/v1/state_pb.ts";
import type { QueueReport } from "../../src/app/commands.ts";
import { internal, precondition } from "../../src/core/errors.ts";
import { encodeLeaseToken } from "../../src/core/lease-token.ts";
import { clientOf, createRig, errorOf, violationsOf } from "./in-memory.ts";
import { applied, MESSAGE_ID, MESSAGE_ID_TEXT, SESSION_ID } from "./scripted-dlq.ts";

const PARTS = {
  queue: "orders",
  messageId: MESSAGE_ID,
  deliveryNumber: 3,
  nonce: new Uint8Array(16).fill(9),
};
const TOKEN = encodeLeaseToken(PARTS);
const DAYS_30 = { seconds: 30n * 86_400n };

describe("Ack", () => {
  it("reads each kind of outcome", async () => {
    const rig = await createRig();
    await clientOf(rig).ack({
      requestId: "r",
      outcomes: [
        { leaseToken: TOKEN, result: { case: "succeeded", value: {} } },
        {
          leaseToken: TOKEN,
          result: {
            case: "failed",
            value: { failure: { message: "m" }, retryAfter: { seconds: 3n }, nonRetryable: true },
          },
        },
        { leaseToken: TOKEN, result: { case: "released", value: { delay: DAYS_30 } } },
        { leaseToken: TOKEN, result: { case: "quarantined", value: { note: "é".repeat(600) } } },
        { leaseToken: TOKEN, result: { case: "discarded", value: { note: "n" } } },
      ],
    });
    const token = PARTS;
    expect(rig.dlq.acked).toMatchObject([
      {
        requestId: "r",
        outcomes: [
          { kind: "succeeded", token },
          {
            kind: "failed",
            token,
            failure: { message: "m" },
            retryAfterMs: 3_000,
            nonRetryable: true,
          },
          { kind: "released", token, delayMs: 30 * 86_400_000 },
          // Cut after 1 KiB.
          { kind: "quarantined", token, note: "é".repeat(512) },
          { kind: "discarded", token, note: "n" },
        ],
      },
    ]);
  });

  it("refuses a malformed outcome separately", async () => {
    const rig = await createRig();
    rig.dlq.onAck = (outcome) =>
      outcome.kind === "invalid"
        ? applied({ status: "INVALID", state: undefined, detail: outcome.detail })
        : applied();
    const released = (delay: { seconds: bigint; nanos?: number }) => ({
      leaseToken: TOKEN,
      result: { case: "released" as const, value: { delay } },
    });
    const { results } = await clientOf(rig).ack({
      outcomes: [
        { leaseToken: "nonsense", result: { case: "succeeded", value: {} } },
        { leaseToken: TOKEN },
        released({ seconds: -1n }),
        released({ seconds: DAYS_30.seconds, nanos: 1_000_000 }),
        { leaseToken: TOKEN, result: { case: "succeeded", value: {} } },
      ],
    });
    expect(results.map((one) => [one.status, one.detail])).toEqual([
      [AckStatus.INVALID, expect.stringContaining("lease_token")],
      [AckStatus.INVALID, expect.stringContaining("no result")],
      [AckStatus.INVALID, expect.stringContaining("released.delay is negative")],
      [AckStatus.INVALID, expect.stringContaining("released.delay is longer than 30 days")],
      [AckStatus.APPLIED, ""],
    ]);
  });

  it("returns the result of each outcome", async () => {
    const rig = await createRig();
    rig.dlq.onAck = () =>
      applied({ state: "QUARANTINED", quarantineReason: "RETRIES_EXHAUSTED", dueAtMs: 1_500 });
    const { results } = await clientOf(rig).ack({ outcomes: [{ leaseToken: TOKEN }] });
    expect(results[0]).toMatchObject({
      status: AckStatus.APPLIED,
      state: MessageState.QUARANTINED,
      quarantineReason: QuarantineReason.RETRIES_EXHAUSTED,
      dueTime: { seconds: 1n, nanos: 500_000_000 },
    });
  });

  it("logs an error of a queue once, and gives its id to the caller", async () => {
    const rig = await createRig();
    const error = internal(new Error("WRONGTYPE"));
    rig.dlq.onAck = () => applied({ status: "INTERNAL", state: undefined, error });
    const outcome = { leaseToken: TOKEN };
    const { results } = await clientOf(rig).ack({ outcomes: [outcome, outcome] });
    expect(rig.logged).toMatchObject([
      { fields: { method: "Ack", err: { message: "WRONGTYPE" } } },
    ]);
    const detail = expect.stringContaining(`${rig.logged[0]?.fields.errorId}`);
    expect(results).toMatchObject([
      { status: AckStatus.INTERNAL, state: 0, detail },
      { status: AckStatus.INTERNAL, state: 0, detail },
    ]);
  });

  it.each([0, 1001])("refuses %i outcomes", async (count) => {
    const rig = await createRig();
    const outcomes = Array.from({ length: count }, () => ({ leaseToken: TOKEN }));
    const error = await errorOf(clientOf(rig).ack({ outcomes }));
    expect(violationsOf(error).map((v) => v.field)).toEqual(["outcomes"]);
    expect(rig.dlq.acked).toEqual([]);
  });
});

describe("ExtendLease", () => {
  it("by tokens keeps their order and returns unreadable ones", async () => {
    const rig = await createRig();
    rig.dlq.onExtend = () => [
      { token: undefined, status: "INVALID", leaseExpireAtMs: undefined, shouldStop: true },
      { token: PARTS, status: "APPLIED", leaseExpireAtMs: 5_000, shouldStop: false },
    ];
    const { results } = await clientOf(rig).extendLease({ leaseTokens: ["bad", TOKEN] });
    expect(rig.dlq.extended).toEqual([{ tokens: [undefined, PARTS], leaseMs: undefined }]);
    expect(results).toMatchObject([
      { leaseToken: "bad", status: AckStatus.INVALID, shouldStop: true },
      { leaseToken: TOKEN, status: AckStatus.APPLIED, leaseExpireTime: { seconds: 5n } },
    ]);
  });

  it("gives the id of an error of a queue to the caller", async () => {
    const rig = await createRig();
    const error = internal(new Error("WRONGTYPE"));
    const lease = { leaseExpireAtMs: undefined, shouldStop: false };
    rig.dlq.onExtend = () => [{ token: PARTS, status: "INTERNAL", ...lease, error }];
    const { results } = await clientOf(rig).extendLease({ leaseTokens: [TOKEN] });
    const detail = expect.stringMatching(/[0-9a-f]{12}/);
    expect(results).toMatchObject([{ status: AckStatus.INTERNAL, shouldStop: false, detail }]);
  });

  it("by session returns the leases it found", async () => {
    const rig = await createRig();
    rig.dlq.onExtend = () => [
      { token: PARTS, status: "APPLIED", leaseExpireAtMs: 5_000, shouldStop: false },
    ];
    const { results } = await clientOf(rig).extendLease({
      sessionId: SESSION_ID,
      leaseDuration: { seconds: 1n },
    });
    expect(rig.dlq.extended).toEqual([{ sessionId: SESSION_ID, leaseMs: 1_000 }]);
    expect(results.map((one) => one.leaseToken)).toEqual([TOKEN]);
  });

  it.each([
    ["lease_tokens", {}],
    ["session_id", { leaseTokens: [TOKEN], sessionId: SESSION_ID }],
    ["session_id", { sessionId: "no uuid" }],
    ["lease_tokens", { leaseTokens: Array.from({ length: 1001 }, () => TOKEN) }],
    ["lease_duration", { leaseTokens: [TOKEN], leaseDuration: { nanos: 999_000_000 } }],
    ["lease_duration", { leaseTokens: [TOKEN], leaseDuration: { seconds: 43_201n } }],
  ])("refuses contradictions: %s (row %#)", async (field, request) => {
    const rig = await createRig();
    const error = await errorOf(clientOf(rig).extendLease(request));
    expect(violationsOf(error).map((v) => v.field)).toEqual([field]);
    expect(rig.dlq.extended).toEqual([]);
  });
});

it("an empty ExtendLease is refused with both alternatives", async () => {
  const error = await errorOf(clientOf(await createRig()).extendLease({}));
  expect(violationsOf(error)[0]?.description).toMatch(/lease_tokens.*session_id/);
});

describe("Retry", () => {
  it("by ids keeps their order", async () => {
    const rig = await createRig();
    rig.dlq.onRetry = async () => ({
      retriedCount: 1,
      refused: [{ index: 1, refusal: "INVALID_ID" }],
    });
    const response = await clientOf(rig).retry({ queue: "q", ids: [MESSAGE_ID_TEXT, "nonsense"] });
    expect(rig.dlq.retried[0]?.by).toEqual({ ids: [MESSAGE_ID, undefined] });
    expect(response).toMatchObject({
      retriedCount: 1,
      refused: [{ id: "nonsense", refusal: RetryRefusal.INVALID_ID }],
    });
  });

  it("by a filter passes on the expected count", async () => {
    const rig = await createRig();
    await clientOf(rig).retry({
      queue: "q",
      filter: {
        states: [MessageState.SCHEDULED, MessageState.QUARANTINED],
        reasons: [Reason.TIMEOUT],
        quarantineReasons: [QuarantineReason.POISON],
      },
      expectedCount: 0,
    });
    expect(rig.dlq.retried[0]?.by).toEqual({
      filter: {
        states: ["SCHEDULED", "QUARANTINED"],
        reasons: ["TIMEOUT"],
        quarantineReasons: ["POISON"],
      },
      expectedCount: 0,
      pageSize: 1_000,
    });
  });

  it("by a filter returns where the next call continues", async () => {
    const rig = await createRig();
    const rest = {
      place: { index: 1, score: 1_800_000_000_000, id: MESSAGE_ID },
      startedAtMs: 1_800_000_000_001,
      remaining: 7,
    };
    rig.dlq.onRetry = async () => ({ retriedCount: 3, refused: [], rest });
    const filter = { reasons: [Reason.TIMEOUT, Reason.PLUGIN_ERROR] };
    const first = { queue: "q", filter, expectedCount: 10, pageSize: 3 };
    const { remainingCount, nextPageToken } = await clientOf(rig).retry(first);
    expect(remainingCount).toBe(7);
    expect(rig.dlq.retried[0]?.by).toMatchObject({ expectedCount: 10, pageSize: 3 });
    const reordered = { reasons: filter.reasons.toReversed() };
    await clientOf(rig).retry({ queue: "q", filter: reordered, pageToken: nextPageToken });
    expect(rig.dlq.retried[1]?.by).toMatchObject({ from: rest });

    for (const other of [
      { queue: "r", filter },
      { queue: "q", filter: {} },
    ]) {
      const error = await errorOf(clientOf(rig).retry({ ...other, pageToken: nextPageToken }));
      expect(violationsOf(error).map(({ field }) => field)).toEqual(["page_token"]);
    }
    expect(await clientOf(rig).retry({ ...first, dryRun: true })).toMatchObject({
      ...{ remainingCount: 7, nextPageToken: "" },
    });
  });

  it.each([
    ["ids", {}],
    ["ids", { ids: Array.from({ length: 1001 }, () => MESSAGE_ID_TEXT) }],
    ["filter", { ids: [MESSAGE_ID_TEXT], filter: {}, expectedCount: 1 }],
    ["expected_count", { filter: {} }],
    ["page_size", { filter: {}, expectedCount: 1, pageSize: 1001 }],
    ["page_size", { ids: [MESSAGE_ID_TEXT], pageSize: 1 }],
    ["page_token", { filter: {}, pageToken: "nonsense" }],
    ["page_token", { filter: {}, pageToken: Buffer.alloc(42, 1).toString("base64url") }],
    ["page_token", { ids: [MESSAGE_ID_TEXT], pageToken: "nonsense" }],
    ["expected_count", { ids: [MESSAGE_ID_TEXT], expectedCount: 1 }],
    [
      "filter.states[1]",
      { filter: { states: [MessageState.SCHEDULED, MessageState.IN_FLIGHT] }, expectedCount: 1 },
    ],
    ["filter.reasons[0]", { filter: { reasons: [99 as Reason] }, expectedCount: 1 }],
  ])("refuses %s (row %#)", async (field, request) => {
    const rig = await createRig();
    const error = await errorOf(clientOf(rig).retry({ queue: "q", ...request }));
    expect(violationsOf(error).map((v) => v.field)).toEqual([field]);
    expect(rig.dlq.retried).toEqual([]);
  });

  it.each([
    [{ states: [MessageState.IN_FLIGHT] }, "is IN_FLIGHT; allowed are SCHEDULED, QUARANTINED"],
    [{ states: [MessageState.UNSPECIFIED] }, "is UNSPECIFIED; allowed are SCHEDULED, QUARANTINED"],
    [{ states: [77 as MessageState] }, "is 77, which is unknown to this server; allowed are SCHED"],
    [{ reasons: [99 as Reason] }, "allowed are VALIDATION_FAILED, "],
    [{ quarantineReasons: [99 as never] }, "NON_RETRYABLE"],
  ])("lists the allowed values of a filter (row %#)", async (filter, words) => {
    const rig = await createRig();
    const error = await errorOf(clientOf(rig).retry({ queue: "q", filter, expectedCount: 1 }));
    expect(violationsOf(error)[0]?.description).toContain(words);
  });

  it("passes on a wrong expected count", async () => {
    const rig = await createRig();
    rig.dlq.onRetry = async () => {
      throw precondition("expected_count", "2 match, 3 were expected");
    };
    const error = await errorOf(clientOf(rig).retry({ queue: "q", filter: {}, expectedCount: 3 }));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.rawMessage).toContain("2 match, 3 were expected");
  });
});

describe("Stats", () => {
  const report: QueueReport = {
    queue: "q",
    scheduled: 5,
    dueNow: 2,
    inFlight: 1,
    quarantined: 4,
    bytes: 1234,
    counts: [{ state: "QUARANTINED", reason: "TIMEOUT", quarantineReason: "POISON", count: 4 }],
    oldestAgeMs: 90_500,
    oldestQuarantinedAgeMs: undefined,
    nextDueAtMs: 7_000,
    paused: false,
    breaker: { state: "OPEN", retryAtMs: 9_000 },
    openBreakers: 1,
    heldKeys: 3,
    workers: 2,
    quietWorkers: 1,
    rates: { accepted: 1.5, delivered: 2, succeeded: 0, failed: 0 },
    totals: {
      accepted: 10,
      joined: 1,
      succeeded: 0,
      discarded: 0,
      expired: 0,
      purged: 0,
      movedOut: 0,
      undeleted: 0,
      movedIn: 0,
      deliveries: 3,
      failedAttempts: 2,
      released: 0,
      leaseExpiries: 1,
    },
    conditions: [
      { code: "WORKERS_BUSY", message: "all hold as many as they asked for" },
      { code: "SOMETHING_NEW", message: "words" },
    ],
  };

  it("sums up, and reports each queue", async () => {
    const rig = await createRig();
    rig.dlq.onStats = async () => ({ nowMs: 8_000, queues: [report, { ...report, queue: "r" }] });
    const stats = await clientOf(rig).stats({ queues: ["q", "r", "q"] });
    expect(rig.dlq.statsOf).toEqual([["q", "r"]]);
    expect(stats).toMatchObject({
      totalMessages: 20n,
      totalPoisonMessages: 8n,
      storeTime: { seconds: 8n },
    });
    expect(stats.queues[0]).toMatchObject({
      queue: "q",
      dueNow: 2n,
      counts: [
        {
          state: MessageState.QUARANTINED,
          reason: Reason.TIMEOUT,
          quarantineReason: QuarantineReason.POISON,
          count: 4n,
        },
      ],
      oldestAge: { seconds: 90n, nanos: 500_000_000 },
      nextDueTime: { seconds: 7n },
      rates: { accepted: 1.5 },
      totals: { accepted: 10n, leaseExpiries: 1n },
      conditions: [
        { code: ConditionCode.WORKERS_BUSY },
        { code: ConditionCode.UNSPECIFIED, message: "words" },
      ],
    });
    expect(stats.queues[0]?.oldestQuarantinedAge).toBeUndefined();
  });

  it("pages through all queues", async () => {
    const rig = await createRig();
    rig.dlq.onStats = async (_queues, page) => ({
      nowMs: 8_000,
      queues: [report],
      next: page?.after === "" ? "q" : undefined,
    });
    const { nextPageToken } = await clientOf(rig).stats({});
    const last = await clientOf(rig).stats({ pageToken: nextPageToken, pageSize: 7 });
    expect(last.nextPageToken).toBe("");
    expect(rig.dlq.statsPages).toEqual([
      { pageSize: 1_000, after: "" },
      { pageSize: 7, after: "q" },
    ]);
    for (const page of [
      { pageSize: 1_001 },
      { pageToken: "%" },
      { queues: ["q"], pageToken: nextPageToken },
    ]) {
      const error = await errorOf(clientOf(rig).stats(page));
      expect(violationsOf(error), JSON.stringify(page)).toHaveLength(1);
    }
  });

  it("ends a page that would be too large for clients", async () => {
    const rig = await createRig();
    const large = { ...report, conditions: [{ code: "PAUSED", message: "x".repeat(2_000) }] };
    const queues = Array.from({ length: 1_000 }, (_, n) => ({ ...large, queue: `q-${n}` }));
    rig.dlq.onStats = async () => ({ nowMs: 8_000, queues });
    const page = await clientOf(rig).stats({});
    expect(page.queues.length).toBeGreaterThan(100);
    expect(page.queues.length).toBeLessThan(1_000);
    expect(toBinary(StatsResponseSchema, page).length).toBeLessThan(1024 * 1024);
    expect(Buffer.from(page.nextPageToken, "base64url").toString()).toBe(page.queues.at(-1)?.queue);
    expect(page.totalMessages).toBe(10n * BigInt(page.queues.length));
    const named = await clientOf(rig).stats({ queues: queues.map(({ queue }) => queue) });
    expect([named.queues.length, named.nextPageToken]).toEqual([1_000, ""]);
  });

  it("refuses an invalid name", async () => {
    const rig = await createRig();
    const error = await errorOf(clientOf(rig).stats({ queues: ["ok", "not ok"] }));
    expect(violationsOf(error).map((v) => v.field)).toEqual(["queues[1]"]);
  });
});
