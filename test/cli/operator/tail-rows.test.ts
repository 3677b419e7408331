// How events look: within the width of a terminal, in colors, without control of the terminal, and as JSON.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it, test } from "vitest";
import { eventJson, gapJson } from "../../../clients/cli/src/output/event-json.ts";
import { EventRows } from "../../../clients/cli/src/output/event-rows.ts";
import { styleFor } from "../../../clients/cli/src/output/style.ts";
import { widthOf } from "../../../clients/cli/src/output/width.ts";
import { EventGapSchema, EventSchema, EventType } from "../../../gen/dlq/v1/event_pb.ts";
import { MessageState, QuarantineReason, Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { toCloudEvent } from "../../../src/codec/cloud-event.ts";
import { writeEvent } from "../../../src/rpc/convert/events.ts";
import { ACTION, SAMPLES, sampleEvent } from "../../codec/events.ts";

const PLAIN = styleFor({ write: () => {} }, {});
const COLORED = styleFor({ write: () => {}, isTTY: true }, {});
const AT_MS = Date.UTC(2026, 10, 30, 9, 5, 7, 250);
const ID = "0198f1c2-96f2-7e4c-9a41-0d4f6f4f5a10";

type EventInit = MessageInitShape<typeof EventSchema>;
const eventOf = (more: EventInit) =>
  create(EventSchema, { id: "1", time: timestampFromMs(AT_MS), queue: "orders", ...more });
/** The line of an event, without that of the day. */
const lineOf = (more: EventInit, width: number | undefined, style = PLAIN) =>
  new EventRows(style).event(eventOf(more), width).at(-1) ?? "";

const poison: EventInit = {
  ...{ type: EventType.MOVED_TO_POISON, messageId: ID, state: MessageState.QUARANTINED },
  ...{ reason: Reason.NETWORK_ERROR, quarantineReason: QuarantineReason.RETRIES_EXHAUSTED },
  ...{ retryCount: 3, note: "the bank has been down for an hour or more" },
};

describe("a line", () => {
  it("is cut at its end in 80 columns, and shows the end of the id", () => {
    expect(lineOf(poison, 80)).toBe(
      "09:05:07  moved_to_poison  orders    …6f4f5a10  RETRIES_EXHAUSTED, NETWORK_ERRO…",
    );
  });

  it("has the id of a group whole in 80 columns, and no quarantine that another line has", () => {
    const failed = { ...poison, queue: "orders-eu-west" };
    for (const type of [EventType.GROUP_OPENED, EventType.GROUP_REGRESSED]) {
      const line = lineOf({ ...failed, type, groupId: "01b40b7e93d2c5aa" }, 80);
      expect(line).toMatch(/…6f4f5a10 {2}group 01b40b7e, NETWORK_ERR…$/);
    }
    const added = lineOf({ ...failed, type: EventType.MESSAGE_ADDED }, 80);
    expect(added).toMatch(/…6f4f5a10 {2}NETWORK_ERROR, attempts 3, …$/);
  });

  it("has the whole id in 120 columns", () => {
    expect(lineOf(poison, 120)).toBe(
      `09:05:07  moved_to_poison  orders    ${ID}  RETRIES_EXHAUSTED, NETWORK_ERROR, attempts 3…`,
    );
  });

  test.each([40, 80, 100, 120, 200])("fits in %d columns", (width) => {
    const rows = new EventRows(PLAIN);
    const lines = SAMPLES.flatMap((event) => {
      const more = { queue: "a-queue-with-a-long-name".repeat(4), note: "合計は数".repeat(30) };
      return rows.event(writeEvent({ ...event, ...more, action: ACTION }), width);
    });
    expect(lines.filter((line) => widthOf(line) > width)).toEqual([]);
    expect(lines).toHaveLength(SAMPLES.length + 1); // and the day
  });

  test.each<[string, EventInit, string]>([
    [
      "a retry",
      { type: EventType.RETRY_SCHEDULED, messageId: ID, dueTime: timestampFromMs(AT_MS + 90_000) },
      "…6f4f5a10  due in 1m30s",
    ],
    [
      "a success without the reason of a failure before it",
      { type: EventType.RETRY_SUCCESS, messageId: ID, reason: Reason.TIMEOUT, retryCount: 1 },
      "…6f4f5a10  attempts 1",
    ],
    [
      "a breaker",
      {
        ...{ type: EventType.BREAKER_OPENED, breakerKey: "bank" },
        dueTime: timestampFromMs(AT_MS + 30_000),
      },
      "key bank, probes in 30s",
    ],
    [
      "a group",
      { type: EventType.GROUP_OPENED, messageId: ID, groupId: "01f3a8c2d4e5f607" },
      "…6f4f5a10  group 01f3a8c2",
    ],
    ["a move", { type: EventType.MOVED, messageId: ID, otherQueue: "eu" }, "…6f4f5a10  from eu"],
    ["a move away", { type: EventType.MOVED_AWAY, messageId: ID, otherQueue: "eu" }, "to eu"],
    ["a lease", { type: EventType.LEASE_EXPIRED, messageId: ID, deliveryCount: 2 }, "delivery 2"],
    ["a delivery", { type: EventType.DELIVERED, messageId: ID, deliveryCount: 2 }, "delivery 2"],
    ["a pause", { type: EventType.QUEUE_PAUSED }, "queue_paused     orders"],
    [
      "an action",
      {
        ...{ type: EventType.DISCARDED, messageId: ID, note: "of no use" },
        action: { actionTypeId: "send", executedBy: "anna" },
      },
      "note: of no use, action send by anna",
    ],
    ["a type of a newer version", { type: 99 as EventType }, "99               orders"],
  ])("of %s has what matters", (_what, event, end) => {
    expect(lineOf(event, 90).endsWith(end)).toBe(true);
  });

  it("of no message keeps the place of the id in files", () => {
    expect(lineOf({ type: EventType.QUEUE_PAUSED }, undefined)).toBe(
      "2026-11-30T09:05:07.250Z  queue_paused     orders  -",
    );
  });

  it("cannot control the terminal", () => {
    const evil = "\u001b[2J\nx\u202e";
    const texts = { queue: evil, note: evil, otherQueue: evil, breakerKey: evil, messageId: evil };
    for (const width of [200, undefined]) {
      const action = { actionTypeId: evil, executedBy: evil };
      const line = lineOf({ ...texts, groupId: evil, action }, width);
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(line).toContain("\\x1b[2J\\nx\\u202e");
    }
  });

  it.each([
    [EventType.MOVED_TO_POISON, "\u001b[31m"],
    [EventType.RETRY_FAILED, "\u001b[33m"],
    [EventType.RETRY_SUCCESS, "\u001b[32m"],
    [EventType.GROUP_REGRESSED, "\u001b[31m"],
    [EventType.BREAKER_OPENED, "\u001b[31m"],
    [EventType.BREAKER_CLOSED, "\u001b[32m"],
    [EventType.QUEUE_PAUSED, "\u001b[33m"],
  ])("of type %d has a color on a terminal", (type, color) => {
    expect(lineOf({ type }, 120, COLORED)).toContain(color);
    expect(lineOf({ type }, 120)).not.toContain("\u001b");
  });
});

it("each day begins with a line of its own on a terminal", () => {
  const rows = new EventRows(PLAIN);
  const on = (atMs: number) =>
    rows.event(eventOf({ type: EventType.QUEUE_PAUSED, time: timestampFromMs(atMs) }), 80);
  expect([on(AT_MS), on(AT_MS + 1_000), on(AT_MS + 86_400_000)].flat()).toEqual([
    "2026-11-30 UTC",
    "09:05:07  queue_paused     orders",
    "09:05:08  queue_paused     orders",
    "2026-12-01 UTC",
    "09:05:07  queue_paused     orders",
  ]);
});

it("the column of queues grows with longer names", () => {
  const rows = new EventRows(PLAIN);
  const of = (queue: string) =>
    rows.event(eventOf({ queue, type: EventType.RELEASED, messageId: ID }), 80).at(-1);
  const lines = [of("a"), of("orders-eu-west"), of("a")];
  expect(lines.map((line) => line?.indexOf("…6f4f"))).toEqual([37, 41, 41]);
});

describe("a gap", () => {
  const gap = create(EventGapSchema, {
    ...{ missedCount: 1_204n, undoneCount: 1n },
    ...{ afterTime: timestampFromMs(AT_MS - 90_000), untilTime: timestampFromMs(AT_MS - 12_000) },
  });

  it("has a line of its own", () => {
    const text = "at most 1,204 changes missing here; the store has lost 1 change";
    const rows = new EventRows(PLAIN);
    expect(rows.gap(gap, AT_MS, undefined)).toEqual([
      `2026-11-30T09:05:07.250Z  events_missed    ${text}; they happened 2026-11-30T09:03:37.250Z to 2026-11-30T09:04:55.250Z`,
    ]);
    expect(rows.gap(gap, AT_MS, 80).at(-1)).toBe(
      `09:05:07  events_missed    ${text.slice(0, 52)}…`,
    );
  });

  it("is a notice in JSON", () => {
    expect(gapJson(gap, AT_MS)).toEqual({
      ...{ message_id: null, reason: null, retry_count: 0, queue_name: null },
      timestamp: "2026-11-30T09:05:07.250+00:00",
      ...{ event_type: "events_missed", missed_count: 1_204, undone_count: 1 },
      after_time: "2026-11-30T09:03:37.250+00:00",
      until_time: "2026-11-30T09:04:55.250+00:00",
    });
  });
});

test.each([
  ...SAMPLES,
  sampleEvent("retried", { action: ACTION }),
  sampleEvent("edited", {
    action: { actionTypeId: "", objectIds: [], executedBy: "", omittedObjects: 0 },
  }),
])("the JSON of $type is its body in NATS", (event) => {
  const body = JSON.parse(toCloudEvent(event).body);
  expect(JSON.parse(JSON.stringify(eventJson(writeEvent(event))))).toEqual(body);
});
