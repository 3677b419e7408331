import { expect, test } from "vitest";
import type { DlqEvent } from "../../src/core/event.ts";
import { compileEventFilter, EVENT_VOCABULARY } from "../../src/rules/event-filter.ts";
import { ExpressionError } from "../../src/rules/vocabulary.ts";
import { ACTION, sampleEvent } from "../codec/events.ts";

const FAILED = sampleEvent("retry_failed", { note: "bank down", action: ACTION });

test.each<[string, DlqEvent, boolean]>([
  ["", FAILED, true],
  ['event_type == "retry_failed"', FAILED, true],
  ['event_type in ["expired", "retry_success"]', FAILED, false],
  ['queue_name.startsWith("ord") && retry_count >= 2', FAILED, true],
  ['reason == "NETWORK_ERROR"', FAILED, true],
  ['attributes.tenant == "acme"', FAILED, true],
  ['attributes.absent == "acme"', FAILED, false],
  ['action_type_id == "send-invoice" && "invoice-1" in object_ids', FAILED, true],
  ['executed_by == ""', sampleEvent("retry_failed"), true],
  ['timestamp > timestamp("2026-11-30T00:00:00Z")', FAILED, true],
  ['due_time > timestamp("2026-11-30T00:00:00Z")', FAILED, true],
  ['due_time > timestamp("2026-11-30T00:00:00Z")', sampleEvent("released"), false],
  ['quarantine_reason == "RETRIES_EXHAUSTED"', sampleEvent("moved_to_poison"), true],
  ['note.contains("bank")', FAILED, true],
  ['group_id != ""', sampleEvent("group_opened"), true],
])("%s", (text, event, matches) => {
  expect(compileEventFilter(text).matches(event)).toBe(matches);
});

test.each([
  ['event_type == "retry_fail"', "retry_failed"],
  ['event_type == "RETRY_FAILED"', "did you mean retry_failed?"],
  ["reason == 'poison_message'", "did you mean POISON_MESSAGE?"],
  ["retry_count", "it must be bool"],
  ['payload.contains("x")', "filters of messages only"],
  ['nothing == "x"', "nothing"],
])("refuses %s", (text, why) => {
  expect(() => compileEventFilter(text)).toThrow(ExpressionError);
  expect(() => compileEventFilter(text)).toThrow(why);
});

test("counts the steps of its patterns", () => {
  expect(compileEventFilter("").patternSteps).toBe(0);
  expect(compileEventFilter('note == "a"').patternSteps).toBe(0);
  const one = compileEventFilter('note.matches("a+b")').patternSteps;
  expect(one).toBeGreaterThan(2);
  expect(compileEventFilter('note.matches("a+b") || !note.matches("a+b")').patternSteps).toBe(
    2 * one,
  );
});

test("has the fields of events", () => {
  expect(Object.keys(EVENT_VOCABULARY.variables)).toEqual(
    expect.arrayContaining(["message_id", "reason", "retry_count", "queue_name", "event_type"]),
  );
});
