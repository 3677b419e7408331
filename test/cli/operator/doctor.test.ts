// What `dlq doctor` makes of counts and conditions.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { natsFindings } from "../../../clients/cli/src/doctor/nats.ts";
import { conditionFindings, countFindings } from "../../../clients/cli/src/doctor/queues.ts";
import { storeFindings } from "../../../clients/cli/src/doctor/store.ts";
import {
  DlqAdminService,
  GetServerInfoResponseSchema,
  type NatsInfoSchema,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { ConditionCode, DlqService, QueueStatsSchema } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { MessageState } from "../../../gen/dlq/v1/state_pb.ts";
import { runDlq, serve } from "./run-dlq.ts";

const consistent = {
  queue: "orders",
  scheduled: 2n,
  dueNow: 1n,
  quarantined: 1n,
  counts: [
    { state: MessageState.SCHEDULED, count: 2n },
    { state: MessageState.QUARANTINED, count: 1n },
  ],
  totals: { accepted: 9n, succeeded: 3n, discarded: 1n, movedOut: 3n, movedIn: 1n },
};
const statsOf = (over: object) => create(QueueStatsSchema, { ...consistent, ...over });

it("counts that add up are fine", () => {
  expect(countFindings([statsOf({})])).toMatchObject([
    { level: "ok", what: "the counts of 1 queue with 3 messages add up" },
  ]);
});

it.each([
  [
    "messages that are lost",
    { totals: { accepted: 10n } },
    "10 messages were accepted, and 3 are stored or have left",
  ],
  ["more due than scheduled", { dueNow: 3n }, "3 messages are due, and 2 are scheduled"],
  [
    "counts by reason that differ",
    { counts: [] },
    "2 messages are scheduled, and by reason they are 0",
  ],
])("%s: a problem", (_, over, what) => {
  const [finding] = countFindings([statsOf(over)]);
  expect(finding).toMatchObject({ level: "problem", queues: ["orders"] });
  expect(finding?.what).toContain(what);
});

it("the counts of a damaged queue are not checked", () => {
  const conditions = [{ code: ConditionCode.DAMAGED }];
  const damaged = statsOf({ conditions, totals: { accepted: 10n } });
  expect(countFindings([damaged])).toMatchObject([{ level: "ok" }]);
  expect(conditionFindings([damaged])).toMatchObject([{ level: "problem", check: "DAMAGED" }]);
});

it("one finding stands for many queues, problems first", () => {
  const queues = Array.from({ length: 8 }, (_, at) =>
    statsOf({
      queue: `q${at}`,
      conditions: [{ code: at === 7 ? ConditionCode.SENDS_REFUSED : ConditionCode.NO_WORKERS }],
    }),
  );
  expect(conditionFindings(queues)).toMatchObject([
    { level: "problem", check: "SENDS_REFUSED", queues: ["q7"] },
    {
      ...{ level: "warning", check: "NO_WORKERS" },
      what: expect.stringContaining("q0, q1, q2, q3, q4 and 2 more"),
    },
  ]);
});

describe("a server that is older than this program", () => {
  it.each([
    ["without the newest call", {}, /^warning +the server is older than this program/m],
    [
      "with it",
      { getServerInfo: () => ({ version: "9.8" }) },
      /^ok +server 9\.8 has all calls of this program$/m,
    ],
  ])("%s", async (_, calls, line) => {
    const target = await serve((router) => {
      router.service(DlqService, { stats: () => ({}) });
      router.service(DlqAdminService, { listWorkers: () => ({}), ...calls });
    });
    const { code, stdout } = await runDlq(["doctor"], { target });
    expect(code).toBe(0);
    expect(stdout).toMatch(line);
  });
});

it("says whether events are published", () => {
  const info = (nats: MessageInitShape<typeof NatsInfoSchema>) =>
    natsFindings(create(GetServerInfoResponseSchema, { nats }));
  expect(natsFindings(create(GetServerInfoResponseSchema))).toEqual([]);
  const servers = ["a:4222", "b:4222"];
  expect(info({ servers, stream: "DLQ" })).toMatchObject([
    { level: "ok", what: "stream DLQ of NATS at a:4222, b:4222 takes events" },
  ]);
  const failing = { servers, error: "stream DLQ is full", backlogLimitBytes: 268435456n };
  expect(info(failing)).toMatchObject([
    { level: "warning", what: "events are not published: stream DLQ is full" },
  ]);
  const waiting = { backlogBytes: 1_500_000n, oldestWaitingTime: { seconds: 1_796_029_500n } };
  expect(info({ ...failing, ...waiting })).toMatchObject([
    {
      what: "events are not published: stream DLQ is full; 1.4 MiB of state changes wait, the oldest since 2026-11-30T09:05:00.000Z",
      advice: expect.stringContaining("up to 256 MiB and about a day"),
    },
  ]);
  expect(info({ servers, error: "NATS does not answer; start NATS" })).toMatchObject([
    {
      what: "events are not published: NATS does not answer",
      advice: expect.stringMatching(/^start NATS; sends and deliveries go on meanwhile; /),
    },
  ]);
  expect(info({ ...failing, backlogLimitBytes: 0n })).toMatchObject([
    {
      advice: expect.stringContaining("Redis is nearly full: only what outboxes keep anyway waits"),
    },
  ]);
});

it("says what was removed before it was published, also after the outage", () => {
  const missed = { missedChangeCount: 5_471n, lastMissedTime: { seconds: 1_796_029_500n } };
  const nats = { servers: ["a:4222"], backlogLimitBytes: 268435456n, ...missed };
  expect(natsFindings(create(GetServerInfoResponseSchema, { nats }))).toMatchObject([
    { level: "ok" },
    {
      level: "warning",
      what: "5,471 state changes were removed before they were published, the last ones at 2026-11-30T09:05:00.000Z",
      advice: expect.stringContaining("nats_backlog_max"),
    },
  ]);
});

it("says what the stream may lose or has lost, also while it takes events", () => {
  const warnings = ["stream DLQ was created again: events are gone; find out who; read them again"];
  const nats = { servers: ["a:4222"], stream: "DLQ", warnings };
  expect(natsFindings(create(GetServerInfoResponseSchema, { nats }))).toMatchObject([
    { level: "ok" },
    {
      ...{ level: "warning", check: "nats" },
      what: "stream DLQ was created again: events are gone",
      advice: "find out who; read them again",
    },
  ]);
});

it("messages in quarantine are looked at by their groups", () => {
  const queue = statsOf({ conditions: [{ code: ConditionCode.ALL_QUARANTINED }] });
  expect(conditionFindings([queue])).toMatchObject([
    { advice: expect.stringContaining("`dlq groups QUEUE` ") },
  ]);
});

describe("what a server says about its store", () => {
  const store = {
    ...{ version: "7.2.4", embedded: true, replicaCount: 1, settings: { appendonly: "yes" } },
    ...{ usedMemoryBytes: 1_000n, maxMemoryBytes: 2_000n, time: { seconds: 10n } },
  };
  const findingsOf = (over: object, time = { seconds: 10n }) =>
    storeFindings(
      create(GetServerInfoResponseSchema, {
        ...{ time, servers: ["s-1", "s-2"], store: { ...store, ...over } },
      }),
    );

  it("its version, memory, replicas and settings", () => {
    expect(findingsOf({})).toMatchObject([
      {
        ...{ level: "ok", check: "redis" },
        what: expect.stringMatching(
          /^Redis 7\.2\.4, embedded; uses .*; 1 replica; appendonly yes; servers: s-1, s-2$/,
        ),
      },
    ]);
  });

  it("each setting that could lose messages, and what to do", () => {
    const warnings = [
      "Redis keeps no append-only file: a crash loses messages; set appendonly yes",
    ];
    expect(findingsOf({ warnings })[1]).toMatchObject({
      level: "warning",
      what: "Redis keeps no append-only file: a crash loses messages",
      advice: "set appendonly yes",
    });
  });

  it("memory that is nearly used up", () => {
    expect(findingsOf({ usedMemoryBytes: 1_801n })[1]).toMatchObject({ check: "memory" });
  });

  it("clocks that are apart", () => {
    expect(findingsOf({}, { seconds: 13n })[1]?.what).toContain("are 3s apart");
  });
});
