import { expect, test } from "vitest";
import { compileFilter } from "../../src/rules/filter.ts";

test.each<[string, object]>([
  ['state == "QUARANTINED"', { states: ["QUARANTINED"] }],
  ['"QUARANTINED" == state', { states: ["QUARANTINED"] }],
  ['state in ["SCHEDULED", "IN_FLIGHT"]', { states: ["SCHEDULED", "IN_FLIGHT"] }],
  [
    'quarantine_reason == "POISON" && failure.reason == "TIMEOUT" && group_id == "01f3"',
    { quarantineReasons: ["POISON"], reasons: ["TIMEOUT"], groupIds: ["01f3"] },
  ],
  ['state == "QUARANTINED" && payload.contains("acme")', { states: ["QUARANTINED"] }],
  ['attempts > 3 && (isolated && state == "SCHEDULED")', { states: ["SCHEDULED"] }],
  // The first one of two: the rest is left to the filter.
  ['state == "SCHEDULED" && state == "IN_FLIGHT"', { states: ["SCHEDULED"] }],
  ["", {}],
  ['state == "QUARANTINED" || attempts > 3', {}],
  ['!(state == "QUARANTINED")', {}],
  ['state != "QUARANTINED"', {}],
  ['failure.type == "TIMEOUT"', {}],
  ["state == message.queue", {}],
  ['state in [message.queue, "SCHEDULED"]', {}],
  ['(state == "QUARANTINED") == true', {}],
  ['message.attributes["state"] == "QUARANTINED"', {}],
])("%s", (filter, narrowing) => {
  expect(compileFilter(filter).narrowing).toEqual(narrowing);
});
