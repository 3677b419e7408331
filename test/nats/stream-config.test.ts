import { DiscardPolicy } from "@nats-io/jetstream";
import { expect, test } from "vitest";
import {
  covers,
  missingSubjects,
  type StreamFacts,
  streamProblems,
} from "../../src/nats/stream-config.ts";

const PREFIXES = { events: "dlq", actionEvents: "action_dlq" };
const SOUND: StreamFacts = {
  ...{ name: "DLQ", subjects: ["dlq.>", "action_dlq.>"], discard: DiscardPolicy.New },
  ...{ max_msgs: -1, max_bytes: -1, max_msgs_per_subject: -1, max_msg_size: -1, no_ack: false },
  discard_new_per_subject: false,
};

test.each([
  ["dlq.>", "dlq.*.*", true],
  [">", "dlq.>", true],
  ["*.>", "dlq.*.*", true],
  ["dlq.*.*", "dlq.*.poison", true],
  ["dlq.*.*", "dlq.>", false],
  ["dlq.orders.>", "dlq.*.*", false],
  ["dlq.>", "dlq", false],
  ["a.dlq.>", "dlq.*.*", false],
])("%s covers %s: %s", (pattern, other, expected) => {
  expect(covers(pattern, other)).toBe(expected);
});

test.each([[["dlq.>", "action_dlq.>"]], [[">"]], [["dlq.*.*", "action_dlq.*.*"]]])(
  "a stream with %s takes all events",
  (subjects) => {
    expect(missingSubjects({ name: "DLQ", subjects }, PREFIXES, undefined)).toBeUndefined();
  },
);

test("a stream may take only the events that are published, and notices of gaps", () => {
  const missing = (...subjects: string[]) =>
    missingSubjects({ name: "DLQ", subjects }, PREFIXES, ["moved_to_poison"]);
  expect(missing("*.*.poison", "dlq.*.events_missed")).toBeUndefined();
  expect(missing("*.*.poison")).toMatch(/^stream DLQ does not take "dlq.>": /);
});

test.each([
  [["dlq.>"], `"action_dlq.>"`, "action_dlq.>,dlq.>"],
  [["other.>", "dlq.orders.>"], `"dlq.>" and "action_dlq.>"`, "dlq.>,action_dlq.>,other.>"],
  [[], `"dlq.>" and "action_dlq.>"`, "dlq.>,action_dlq.>"],
])("a stream with %s gets a command that keeps its other subjects", (subjects, not, all) => {
  expect(missingSubjects({ name: "DLQ", subjects }, PREFIXES, undefined)).toBe(
    `stream DLQ does not take ${not}: nats stream edit DLQ --subjects '${all}'`,
  );
});

test.each<[Partial<StreamFacts>, string]>([
  [{ discard: DiscardPolicy.Old, max_bytes: 1_000 }, "--discard new"],
  [{ discard: DiscardPolicy.Old, max_msgs: 1_000 }, "--discard new"],
  [{ max_msgs_per_subject: 5 }, "--max-msgs-per-subject=-1"],
  [{ no_ack: true }, "--ack"],
  [{ max_msg_size: 2_000 }, "--max-msg-size=-1"],
])("%o is a problem", (over, command) => {
  const problems = streamProblems({ ...SOUND, ...over });
  expect(problems).toEqual([expect.stringMatching(`nats stream edit DLQ ${command}$`)]);
});

test.each<[Partial<StreamFacts>]>([
  [{}],
  [{ discard: DiscardPolicy.Old }],
  [{ max_bytes: 1_000, max_msg_size: 16 * 1024 }],
  [{ max_msgs_per_subject: 5, discard_new_per_subject: true }],
])("%o is none", (over) => {
  expect(streamProblems({ ...SOUND, ...over })).toEqual([]);
});
