import { expect, it, test } from "vitest";
import {
  type ContentFacts,
  compileFilter,
  compileValue,
  type StateFacts,
} from "../../src/rules/filter.ts";
import { ExpressionError } from "../../src/rules/vocabulary.ts";
import { factsWith } from "./facts.ts";

const NOW_MS = Date.parse("2026-03-01T12:00:00Z");
const HOUR_MS = 3_600_000;

const STATE: StateFacts = {
  ...{ id: "01900000-0000-7000-8000-000000000001", queue: "orders", priority: 5 },
  ...{ orderingKey: "customer-4", reason: "WEBHOOK_FAILED" },
  ...{ state: "QUARANTINED", quarantineReason: "POISON", attempts: 2, deliveryCount: 3 },
  ...{ failureCount: 4, unknownOutcomeCount: 1, sizeBytes: 2_100, isolated: false },
  groupId: "01f3",
  createdAtMs: NOW_MS - 3 * HOUR_MS,
  sinceMs: NOW_MS - HOUR_MS,
  dueAtMs: NOW_MS - 2 * HOUR_MS,
  expireAtMs: undefined,
};
const CONTENT: ContentFacts = { ...factsWith(), payload: () => '{"customer":"acme-7"}' };

const byState = (text: string) => compileFilter(text).matchesState(STATE, NOW_MS);
const byAll = (text: string, content = CONTENT) =>
  compileFilter(text).matches(STATE, () => content, NOW_MS);

function problem(text: string): string {
  try {
    compileFilter(text);
  } catch (error) {
    if (error instanceof ExpressionError) return error.description;
    throw error;
  }
  throw new Error(`valid: ${text}`);
}

test.each([
  ["", true],
  ['state == "QUARANTINED"', true],
  ['quarantine_reason == "POISON" && failure.reason == "WEBHOOK_FAILED"', true],
  ["attempts == 2 && delivery_count == 3 && failure_count == 4", true],
  ["unknown_outcome_count > 0 && !isolated && size_bytes > 2000", true],
  ['message.id.startsWith("0190") && message.queue == "orders"', true],
  ['message.priority > 4 && message.ordering_key == "customer-4"', true],
  ['message.ordering_key != "customer-4"', false],
  ['state_time >= now - duration("1h")', true],
  ['state_time > now - duration("59m59s")', false],
  ['create_time < timestamp("2026-03-01T09:30:00+01:00")', false],
  ['create_time <= timestamp("2026-03-01T10:00:00+01:00")', true],
  ['state_time - create_time == duration("2h")', true],
  ['due_time + duration("1d") > now', true],
])("%s is decided by the state alone: %s", (text, matches) => {
  expect(byState(text)).toBe(matches);
  expect(byAll(text)).toBe(matches);
});

test.each([
  ['payload.contains("acme-7")', true],
  ['payload.contains("acme-8")', false],
  ['message.attributes.host == "a.example"', true],
  ['failure.type == "HttpError" && failure.http_status == 503', true],
  ["has(failure.http_status)", true],
  ["has(failure.grpc_code)", false],
  ['state == "QUARANTINED" && failure.message.matches("^503 ")', true],
  ['failure.message.matches("^504 ") || payload.contains("acme")', true],
  ['message.source_id == "order-17" && message.origin.service == "shop"', true],
  ["message.payload_bytes > 1000", true],
])("%s needs the content, and is %s then", (text, matches) => {
  expect(byState(text)).toBeUndefined();
  expect(byAll(text)).toBe(matches);
});

test.each([
  ['state == "SCHEDULED" && payload.contains("acme")', false],
  ['payload.contains("acme") && state == "SCHEDULED"', false],
  ['state == "QUARANTINED" || payload.contains("acme")', true],
  ['message.attributes.host == "x" && attempts > 2', false],
])("%s needs no content for this state", (text, matches) => {
  expect(byState(text)).toBe(matches);
});

it("matches nothing if a value is absent, or an operation fails for the message", () => {
  expect(byAll("expire_time > now")).toBe(false);
  expect(byAll('message.attributes.port == "80"')).toBe(false);
  expect(byAll("int(message.source_id) > 1")).toBe(false);
  expect(byAll("10 / (attempts - 2) == 1")).toBe(false);
});

it("reads the ordering key from the content if the state has none", () => {
  const state = { ...STATE, orderingKey: "" };
  for (const text of ['message.ordering_key == "customer-4"', 'message.ordering_key == ""']) {
    expect(compileFilter(text).matchesState(state, NOW_MS)).toBeUndefined();
  }
  expect(compileValue("message.ordering_key").isOfState).toBe(false);
  expect(compileValue("message.ordering_key").of(state, CONTENT, NOW_MS)).toBe("customer-4");
});

it("cuts a long value", () => {
  const content = { ...factsWith({}, { message: "x".repeat(200) }), payload: () => "" };
  const value = compileValue("failure.message").of(STATE, content, NOW_MS);
  expect(value).toBe(`${"x".repeat(127)}…`);
});

it("matches an end of life only if there is one", () => {
  const state = { ...STATE, expireAtMs: NOW_MS + HOUR_MS };
  const filter = compileFilter('expire_time < now + duration("2h")');
  expect(filter.matchesState(state, NOW_MS)).toBe(true);
  expect(filter.matchesState(STATE, NOW_MS)).toBe(false);
});

test.each([
  ["state", true, "QUARANTINED"],
  ["failure.reason", true, "WEBHOOK_FAILED"],
  ["attempts", true, "2"],
  ["hour(state_time)", true, "2026-03-01T11:00Z"],
  ["day(create_time)", true, "2026-03-01"],
  ["create_time", true, "2026-03-01T09:00:00.000Z"],
  ["expire_time", true, ""],
  ["isolated", true, "false"],
  ["message.origin.service", false, "shop"],
  ["failure.http_status", false, "503"],
  ["failure.grpc_code", false, ""],
  ["message.attributes.tier", false, ""],
])("the value %s is of the state alone: %s; it is %j", (text, isOfState, value) => {
  const compiled = compileValue(text);
  expect(compiled.isOfState).toBe(isOfState);
  expect(compiled.of(STATE, CONTENT, NOW_MS)).toBe(value);
  if (isOfState) expect(compiled.ofState(STATE, NOW_MS)).toBe(value);
});

it("has no value of other types", () => {
  expect(() => compileValue("message.attributes")).toThrow(/has type map; it must be a text/);
  expect(() => compileValue("now - state_time")).toThrow(/has type duration/);
  expect(() => compileValue("payload")).toThrow(/has type long text/);
});

test.each([
  ['status == "QUARANTINED"', /^at character 1: unknown variable status; known are message, /],
  ['payload == "x"', /long text == string is not defined/],
  ['payload.matches("x")', /matches is not defined for long text/],
  [`payload.contains("${"a".repeat(251)}")`, /at most 250 characters/],
  ["payload.contains(message.id)", /contains takes a literal string/],
  ['state_time > timestamp("yesterday")', /a time is written as "2026-/],
  ["state_time > timestamp(message.id)", /timestamp takes a literal string/],
  ['now - state_time > duration("1 hour")', /a duration is written as "90s"/],
  ['duration(1) > duration("1s")', /duration is not defined for int/],
  ["state_time > 5", /timestamp > int is not defined/],
  ["now + state_time > now", /timestamp \+ timestamp is not defined/],
  ['duration("1h") - now > duration("1h")', /duration - timestamp is not defined/],
  ['string(now) == "x"', /string is not defined for timestamp/],
  ["attempts", /has type int; it must be bool/],
  [
    'state == "MESSAGE_STATE_QUARANTINED"',
    /^at character 10: state is never "MESSAGE_STATE_QUARANTINED"; it may be SCHEDULED, IN_FLIGHT, QUARANTINED$/,
  ],
  ['"quarantined" != state', /state is never "quarantined"; did you mean QUARANTINED\?$/],
  ['failure.reason in ["TIMEOUT", "TIMEDOUT"]', /failure.reason is never "TIMEDOUT"/],
  ['quarantine_reason == "RETRIES"', /it may be NON_RETRYABLE, POISON, RETRIES_EXHAUSTED,/],
])("%s is refused with a reason", (text, why) => {
  expect(problem(text)).toMatch(why);
});
