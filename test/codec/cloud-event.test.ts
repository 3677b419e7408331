// Events as CloudEvents, checked by the official SDK and by the schema in the docs.

import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { type CloudEvent, HTTP } from "cloudevents";
import { describe, expect, test } from "vitest";
import { EventTypeSchema } from "../../gen/dlq/v1/event_pb.ts";
import { EVENTS_MISSED, toCloudEvent, toGapEvent } from "../../src/codec/cloud-event.ts";
import { type DlqEvent, EVENT_TYPE_NAMES, EVENT_TYPES } from "../../src/core/event.ts";
import { QUARANTINE_REASONS, REASON_NAMES } from "../../src/core/reason.ts";
import { ACTION, SAMPLES, sampleEvent } from "./events.ts";

const SCHEMA_FILE = "docs/reference/events-v1.schema.json";
const schema = JSON.parse(readFileSync(SCHEMA_FILE, "utf8"));

type Fields = Record<string, unknown>;
const bodyOf = (event: DlqEvent): Fields => JSON.parse(toCloudEvent(event).body);

function compiled(more: object = {}): ValidateFunction {
  // A definition may use the properties of the one that it refers to.
  const lenient = { strictTypes: false, strictRequired: false };
  const ajv = new Ajv2020({ allErrors: true, strict: true, ...lenient });
  formats.default(ajv);
  return ajv.compile({ ...schema, ...more });
}
const validate = compiled();

function problems(body: Fields): string[] {
  return validate(body) ? [] : (validate.errors ?? []).map(({ message = "" }) => message);
}

/** Reads the headers as CloudEvents' SDK reads those of HTTP, which have the same names. */
function readBySdk(event: DlqEvent): CloudEvent<Fields> {
  const { headers, body } = toCloudEvent(event);
  const read = HTTP.toEvent<Fields>({ headers, body });
  if (Array.isArray(read)) throw new Error("it is a batch");
  return read as CloudEvent<Fields>;
}

describe.each(SAMPLES)("$type", (event) => {
  test("is a CloudEvent", () => {
    const read = readBySdk(event);
    expect(read.validate()).toBe(true);
    expect(read).toMatchObject({
      specversion: "1.0",
      id: event.id,
      source: "/dlq/queues/orders",
      type: `dlq.v1.${event.type}`,
      time: "2026-11-30T09:05:07.250Z",
      datacontenttype: "application/json",
    });
    expect(read.subject).toBe(event.messageId === "" ? undefined : event.messageId);
    expect(read.data).toEqual(bodyOf(event));
  });

  test("has the fields of the schema, and no others", () => {
    expect(problems(bodyOf(event))).toEqual([]);
    expect(problems(bodyOf({ ...event, action: ACTION }))).toEqual([]);
    const closed = compiled({ unevaluatedProperties: false });
    closed(bodyOf({ ...event, action: ACTION }));
    expect(closed.errors).toBeNull();
  });

  test("has all fields that the schema requires", () => {
    const body = bodyOf({ ...event, action: ACTION });
    const required = Object.keys(body).filter((name) => {
      const { [name]: _, ...rest } = body;
      return problems(rest).length > 0;
    });
    expect(required).toEqual(
      expect.arrayContaining([
        ...["message_id", "reason", "retry_count", "queue_name", "timestamp", "event_type"],
        ...["event_id", "action_type_id", "object_ids", "executed_by"],
      ]),
    );
  });
});

test.each([
  ["moved_to_poison", "quarantine_reason"],
  ["retry_scheduled", "due_time"],
  ["moved", "other_queue"],
  ["group_opened", "group_id"],
  ["retry_failed", "state"],
  ["retry_failed", "version"],
  ["delivered", "delivery_count"],
] as const)("the schema refuses %s without %s", (type, name) => {
  const { [name]: value, ...rest } = bodyOf(sampleEvent(type));
  expect(value).toBeDefined();
  expect(problems(rest)).not.toEqual([]);
});

test("the schema refuses an event of another type's name, and null for the message of a failure", () => {
  expect(problems({ ...bodyOf(sampleEvent("retried")), event_type: "x" })).not.toEqual([]);
  expect(problems({ ...bodyOf(sampleEvent("retried")), message_id: null })).not.toEqual([]);
});

test("types and values of schema, contract and server are the same", () => {
  const types = schema.oneOf.map(({ $ref }: { $ref: string }) => $ref.replace("#/$defs/", ""));
  expect(types).toEqual([...EVENT_TYPE_NAMES, EVENTS_MISSED]);
  for (const type of types) expect(schema.$defs[type].properties.event_type.const).toBe(type);
  const inContract = EventTypeSchema.values
    .filter(({ number }) => number !== 0)
    .map(({ name, number }) => [name.replace("EVENT_TYPE_", "").toLowerCase(), number]);
  expect(Object.fromEntries(inContract)).toEqual(EVENT_TYPES);
  const { reason, quarantine_reason } = schema.$defs.event.properties;
  const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());
  expect(reason.enum).toEqual([...lower(REASON_NAMES), null]);
  expect(quarantine_reason.enum).toEqual(lower(Object.keys(QUARANTINE_REASONS)));
});

test("the body has the names of the old package, also without a message", () => {
  expect(bodyOf(sampleEvent("retry_failed", { sourceId: "", attributes: {}, note: "" }))).toEqual({
    message_id: "0198f1c2-96f2-7e4c-9a41-0d4f6f4f5a10",
    reason: "network_error",
    retry_count: 2,
    queue_name: "orders",
    timestamp: "2026-11-30T09:05:07.250+00:00",
    event_type: "retry_failed",
    event_id: "0a1v9u-1c-1796029507250-17",
    state: "scheduled",
    delivery_count: 3,
    due_time: "2026-11-30T09:06:00.000+00:00",
    version: 8,
  });
  expect(bodyOf(sampleEvent("queue_paused"))).toEqual({
    message_id: null,
    reason: null,
    retry_count: 0,
    queue_name: "orders",
    timestamp: "2026-11-30T09:05:07.250+00:00",
    event_type: "queue_paused",
    event_id: "0a1v9u-1c-1796029507250-17",
  });
});

test("a gap is a CloudEvent of its queue", () => {
  const gap = {
    ...{ id: "1c-7-17-missed-orders", queue: "orders", atMs: 0, missed: 3, undone: 0 },
    ...{ afterMs: 1, untilMs: 7_000 },
  };
  const { headers, body } = toGapEvent(gap);
  expect(headers).toMatchObject({ "ce-id": gap.id, "ce-type": "dlq.v1.events_missed" });
  expect(JSON.parse(body)).toMatchObject({
    queue_name: "orders",
    missed_count: 3,
    after_time: "1970-01-01T00:00:00.001+00:00",
    until_time: "1970-01-01T00:00:07.000+00:00",
    message_id: null,
  });
  expect(problems(JSON.parse(body))).toEqual([]);
});

test("the fields of an action are at the top", () => {
  expect(bodyOf(sampleEvent("retry_success", { action: ACTION }))).toMatchObject({
    action_type_id: "send-invoice",
    object_ids: ["invoice-1", "invoice-2"],
    executed_by: "anna",
    omitted_object_count: 3,
  });
  const action = { actionTypeId: "a", objectIds: [], executedBy: "", omittedObjects: 0 };
  const body = bodyOf(sampleEvent("retry_success", { action }));
  expect(body).toMatchObject({ action_type_id: "a", object_ids: [], executed_by: null });
  expect(body).not.toHaveProperty("omitted_object_count");
});

test("a send that a rule dropped has no message", () => {
  const dropped = sampleEvent("discarded", { messageId: "", state: "DISCARDED" });
  expect(problems(bodyOf(dropped))).toEqual([]);
  expect(toCloudEvent(dropped).headers).not.toHaveProperty("ce-subject");
});

test("headers have ASCII only", () => {
  const { headers } = toCloudEvent(sampleEvent("retried", { id: "ü\r\nx: y", queue: "a.b-c_d" }));
  expect(headers["ce-id"]).toBe("%C3%BC%0D%0Ax%3A%20y");
  expect(headers["ce-source"]).toBe("/dlq/queues/a.b-c_d");
});

test("headers keep their order", () => {
  const all = ["ce-specversion", "ce-id", "ce-source", "ce-type", "ce-subject", "ce-time"];
  const namesOf = (event: DlqEvent) => Object.keys(toCloudEvent(event).headers);
  expect(namesOf(sampleEvent("retried"))).toEqual([...all, "content-type"]);
  expect(namesOf(sampleEvent("queue_paused"))).toEqual(
    [...all, "content-type"].filter((name) => name !== "ce-subject"),
  );
});
