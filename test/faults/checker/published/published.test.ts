import { expect, it } from "vitest";
import type { EventType } from "../../../../src/core/event.ts";
import type { Delivered, FaultRecord, HistoryEvent } from "../../history/event.ts";
import type { Happened, Published, PublishedEvidence } from "../../history/published.ts";
import { checkRecorded } from "../check-recorded.ts";
import { Checker } from "../checker.ts";
import type { Rule } from "../rules.ts";

const MISSED_FROM = 20;
const MISSED = 5;
const TRIMMED_MS = 1_000_000;

/** 40 changes of two queues of one partition, of which the outbox has removed five. */
const happened: readonly Happened[] = Array.from({ length: 40 }, (_, number) => ({
  id: `0a1v9u-1c-${number < 30 ? 5 : 9}-${number}`,
  type: number < 4 ? "message_added" : "delivered",
  queue: number % 2 === 0 ? "eu.orders" : "invoices",
  message: `message-${number % 4}`,
  version: number + 1,
  partition: 28,
  epoch: number < 30 ? 5 : 9,
  number,
  at: number >= MISSED_FROM && number < MISSED_FROM + MISSED ? TRIMMED_MS : 1_000,
}));

function published(event: Happened, over: object = {}): Published {
  const body = {
    ...{ message_id: event.message, queue_name: event.queue, event_type: event.type },
    ...{ event_id: event.id, version: event.version, ...over },
  };
  return {
    subject: `dlq.${event.queue.replace(".", "%2E")}.${event.type}`,
    body: JSON.stringify(body),
  };
}

function notice(queue: string, from = MISSED_FROM, missed = MISSED): Published {
  const body = {
    ...{ message_id: null, queue_name: queue, event_type: "events_missed" },
    ...{
      event_id: `0a1v9u-1c-5-${from}-${from + missed}-missed-${queue}`,
      missed_count: missed,
      undone_count: 0,
    },
  };
  return {
    subject: `dlq.${queue.replace(".", "%2E")}.events_missed`,
    body: JSON.stringify(body),
  };
}

function undone(queue: string, from: number, count = 2): Published {
  const { subject, body } = notice(queue, from, 0);
  const more = {
    event_id: `0a1v9u-1c-5-${from}-${from + count}-undone-${queue}`,
    undone_count: count,
  };
  return { subject, body: JSON.stringify({ ...JSON.parse(body), ...more }) };
}

const all = happened.map((event) => published(event));
/** The stream of a legal run, with a repeated event. */
const stream: readonly Published[] = [
  ...all.slice(0, MISSED_FROM),
  ...[notice("eu.orders"), notice("invoices")],
  ...all.slice(MISSED_FROM + MISSED),
  ...all.slice(36, 37),
];
const trimmings = [{ from: TRIMMED_MS - 10, to: TRIMMED_MS + 10 }];

/** Returns the broken rules. */
function broken(
  over: Partial<PublishedEvidence> = {},
  faults: readonly FaultRecord[] = [],
): Rule[] {
  const checker = new Checker(faults, { kinds: ["failover"], withinMs: 100 });
  const { violations } = checker.judge([], { happened, published: stream, trimmings, ...over });
  return violations.map(({ rule }) => rule);
}

const without = (at: number) => stream.toSpliced(at, 1);
const replaced = (at: number, by: Published) => stream.toSpliced(at, 1, by);
const at = (number: number) => happened[number] as Happened;

it("accepts a legal stream, in which queues of a partition overtake each other", () => {
  expect(broken()).toEqual([]);
  const [first, second] = stream as [Published, Published];
  expect(broken({ published: [second, first, ...stream.slice(2)] })).toEqual([]);
});

const MUTATIONS: readonly (readonly [string, Rule, readonly Published[]])[] = [
  ["a dropped event", "event-there", without(7)],
  ["a dropped event at the end of an epoch", "event-there", without(26)],
  ["a dropped notice of one of two queues", "event-there", without(MISSED_FROM)],
  [
    "a notice that says too little",
    "event-there",
    replaced(MISSED_FROM, notice("eu.orders", MISSED_FROM, 2)),
  ],
  [
    "swapped events of a queue",
    "event-order",
    stream.toSpliced(4, 3, ...[6, 5, 4].map((n) => stream[n] as Published)),
  ],
  [
    "an event from before a restart behind it",
    "event-order",
    [...without(4), stream[4] as Published],
  ],
  [
    "an older version behind a newer one",
    "event-versions",
    [...without(8), stream[8] as Published],
  ],
  ["an invented event", "event-real", [...stream, published({ ...at(39), id: "0a1v9u-1c-9-40" })]],
  [
    "an event of another epoch",
    "event-real",
    [...stream, published({ ...at(3), id: "0a1v9u-1c-9-3" })],
  ],
  ["an event of another message", "event-real", replaced(7, published({ ...at(7), message: "x" }))],
  ["an event of another type", "event-real", replaced(7, published({ ...at(7), type: "expired" }))],
  ["an event of another version", "event-real", replaced(7, published({ ...at(7), version: 1 }))],
  [
    "an event on the subject of another queue",
    "event-real",
    replaced(7, { ...published(at(7)), subject: "dlq.eu%2Eorders.delivered" }),
  ],
  ["a copy with another body", "event-same", [...stream, published(at(9), { note: "other" })]],
  ["a notice without a cause", "gap-real", [...stream, notice("eu.orders", 4, 2)]],
  [
    "a notice of undone events without a rollback",
    "gap-real",
    [...stream, undone("eu.orders", 40)],
  ],
  ["a notice of changes that never were", "gap-real", [...stream, notice("eu.orders", 90, 2)]],
];

it.each(MUTATIONS)("finds %s", (_, rule, mutated) => {
  expect(broken({ published: mutated })).toContain(rule);
});

const failover = (["begins", "over"] as const).map(
  (phase) => ({ e: "fault", at: 10, number: 1, kind: "failover", phase }) as const,
);

it("accepts events that a rollback has undone only with a notice of it", () => {
  const lost = published({ ...at(38), id: "0a1v9u-1c-5-40" });
  const rulesOf = (...more: readonly Published[]) =>
    broken({ published: [...stream, lost, ...more] }, failover);
  expect(rulesOf(undone("eu.orders", 40))).toEqual([]);
  expect(rulesOf()).toEqual(["event-real"]);
  expect(rulesOf(undone("invoices", 40))).toEqual(["event-real"]);
  expect(rulesOf(undone("eu.orders", 41))).toEqual(["event-real"]);
});

const ID = "0198f1c2-96f2-7e4c-9a41-0d4f6f4f5a10";

/** Returns the broken rules of a message that was sent and acknowledged, if these events of it happened. */
function brokenOfMessage(
  types: readonly EventType[],
  worker: readonly HistoryEvent[] = [],
): (Rule | undefined)[] {
  const request = { request: "r", source: "s", queue: "orders", sum: "1", edited: "2" };
  const producer: readonly HistoryEvent[] = [
    { e: "started", at: 1, actor: "p", role: "producer", language: "typescript" },
    { e: "sending", at: 2, ...request, plan: "ok" },
    { e: "sent", at: 3, request: "r", id: ID, state: "SCHEDULED", dueAt: 3 },
    { e: "ended", at: 4 },
  ];
  const some = types.map((type) => ({ ...at(0), queue: "orders", message: ID, type }));
  const events = { happened: some, published: some.map((one) => published(one)), trimmings };
  const histories = new Map([
    ["p", producer],
    ["w", worker],
  ]);
  const { violations } = checkRecorded(histories, [], [], undefined, events);
  return violations.map(({ rule }) => rule);
}

it("finds an acknowledged send without an event", () => {
  expect(brokenOfMessage([])).toContain("answer-has-event");
  expect(brokenOfMessage(["message_added"])).not.toContain("answer-has-event");
});

it.each<[string, EventType, Partial<Delivered>]>([
  ["another queue", "moved", { queue: "diverted" }],
  ["edits", "edited", { sum: "2" }],
])("finds a message that comes again with %s, without an event %s", (_, type, over) => {
  const first: Delivered = {
    ...{
      e: "delivered" as const,
      at: 4,
      stream: "1",
      queue: "orders",
      id: ID,
      source: "s",
      sum: "1",
    },
    ...{ plan: "ok" as const, token: "t1", number: 1, attempt: 1, unknown: false, expires: 2_004 },
  };
  const worker: readonly HistoryEvent[] = [
    { e: "started", at: 1, actor: "w", role: "worker", language: "typescript" },
    { e: "opened", at: 2, stream: "1", session: "x", leaseMs: 2_000, leasesHeld: 0 },
    first,
    { ...first, at: 5_000, token: "t2", number: 2, expires: 7_000, ...over },
    { e: "ended", at: 6_000 },
  ];
  expect(brokenOfMessage(["message_added"], worker)).toContain("answer-has-event");
  expect(brokenOfMessage(["message_added", type], worker)).not.toContain("answer-has-event");
});
