import { expect, it } from "vitest";
import { Ledger, type OutageEvent, type Result } from "./ledger.ts";
import { judge } from "./verdict.ts";

const GOOD: readonly OutageEvent[] = [
  ...sent("a-1", "sent"),
  ...sent("a-2", "spooled", { durable: true }),
  ...sent("dead-1", "spooled", { durable: true }),
  { event: "sending", name: "dead-2", atMs: 1 },
  { event: "sending", name: "dead-3", atMs: 1 },
  ...["a-1", "a-2", "dead-1", "dead-2"].map((name) => handled(name)),
  { ...handled("a-1"), outcomeUnknown: true },
];

function sent(name: string, status: Result["status"], more: Partial<Result> = {}): OutageEvent[] {
  const at = { name, atMs: 1 };
  return [
    { event: "sending", ...at },
    { event: "result", ...at, tookMs: 1, status, ...more },
  ];
}

function handled(name: string, id = `id-${name}`) {
  return { event: "handled", name, atMs: 2, id, attempt: 1, outcomeUnknown: false } as const;
}

function verdictOf(events: readonly OutageEvent[], accepted = 4, left = 0) {
  const ledger = new Ledger();
  for (const event of events) ledger.add(event);
  const stored = { accepted, succeeded: accepted - left, left };
  return judge({ ledger, stored, killed: ["dead"] });
}

it("a run where each kept send was processed as one message has no faults", () => {
  const counts = {
    sends: 5,
    sent: 1,
    spooled: 2,
    unanswered: 2,
    unansweredStored: 1,
    processed: 4,
  };
  expect(verdictOf(GOOD)).toMatchObject({ ...counts, redelivered: 1, faults: [] });
});

it.each<[string, readonly OutageEvent[], number]>([
  ["1 kept and never processed: a-3", sent("a-3", "spooled", { durable: true }), 5],
  ["1 dropped: a-3", sent("a-3", "dropped"), 4],
  [
    "1 kept in memory only: a-3",
    [...sent("a-3", "spooled", { durable: false }), handled("a-3")],
    5,
  ],
  ["1 without a result: a-3", [{ event: "sending", name: "a-3", atMs: 1 }], 4],
  ["1 processed as several messages: a-2", [handled("a-2", "another")], 4],
  ["1 processed twice without a lost outcome: a-2", [handled("a-2")], 4],
  ["1 processed and never sent: x-1", [handled("x-1")], 4],
  ["1 with two results: a-1", sent("a-1", "sent").slice(1), 4],
  ["the service has accepted 5 messages instead of 4", [], 5],
])("finds: %s", (fault, events, accepted) => {
  expect(verdictOf([...GOOD, ...events], accepted).faults).toContain(fault);
});

it("finds messages that are left in the service", () => {
  expect(verdictOf(GOOD, 4, 1).faults).toEqual(["of 4, 3 have succeeded, 1 are left"]);
});
