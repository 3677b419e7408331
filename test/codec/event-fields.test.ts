import { expect, test } from "vitest";
import {
  decodeEventFields,
  encodeEventFields,
  withoutEventFields,
} from "../../src/codec/event-fields.ts";

const message = (attributes: Record<string, string>, sourceId = "order-42") => ({
  sourceId,
  attribute: (name: string) => attributes[name],
});
const roundTrip = (names: string[], from: ReturnType<typeof message>) => {
  const encoded = encodeEventFields(names, from);
  return encoded === undefined ? undefined : decodeEventFields(encoded);
};

test("has the named attributes and the source id", () => {
  const from = message({ tenant: "acme", other: "x" });
  expect(roundTrip(["source_id", "tenant"], from)).toEqual({
    sourceId: "order-42",
    attributes: { tenant: "acme" },
  });
});

test("is nothing if no name is asked for, or the message has none of them", () => {
  expect(roundTrip([], message({ tenant: "acme" }))).toBeUndefined();
  expect(roundTrip(["source_id", "tenant"], message({}, ""))).toBeUndefined();
});

test("a value that does not fit into 255 bytes is left out, and not those behind it", () => {
  const from = message({ large: "x".repeat(300), tenant: "acme" });
  expect(roundTrip(["source_id", "large", "tenant"], from)).toEqual({
    sourceId: "order-42",
    attributes: { tenant: "acme" },
  });
  const full = encodeEventFields(["a", "b"], message({ a: "x".repeat(200), b: "y".repeat(200) }));
  expect(full?.length).toBeLessThanOrEqual(255);
});

test("has the action, with as many objects as there is room for", () => {
  const action = (count: number) => ({
    ...{ actionTypeId: "update_user", executedBy: "ann", omittedObjects: 0 },
    objectIds: Array.from({ length: count }, (_, n) => `user-${n}`),
  });
  const encoded = (count: number) =>
    decodeEventFields(
      encodeEventFields(["tenant"], message({ tenant: "acme" }), action(count)) as Uint8Array,
    );
  expect(encoded(3)).toEqual({
    ...{ sourceId: "", attributes: { tenant: "acme" } },
    action: action(3),
  });
  const many = encoded(1_000);
  expect(many.attributes).toEqual({ tenant: "acme" });
  expect(many.action?.objectIds.length).toBeGreaterThan(10);
  expect((many.action?.omittedObjects ?? 0) + (many.action?.objectIds.length ?? 0)).toBe(1_000);
});

test("leaves out what is hidden, also of an action", () => {
  const action = { actionTypeId: "t", objectIds: ["a"], executedBy: "ann", omittedObjects: 0 };
  const encoded = encodeEventFields(["tenant"], message({ tenant: "acme" }), action) as Uint8Array;
  const shown = withoutEventFields(encoded, {
    attribute: (name) => name === "tenant",
    payload: (name) => name === "object_ids",
  });
  expect(decodeEventFields(shown)).toEqual({
    ...{ sourceId: "", attributes: {} },
    action: { ...action, objectIds: [] },
  });
});

test("damaged bytes have no fields", () => {
  const none = { sourceId: "", attributes: {}, action: undefined };
  const damaged = Uint8Array.of(255, 255, 255);
  expect(decodeEventFields(damaged)).toEqual(none);
  const shown = withoutEventFields(damaged, { attribute: () => true, payload: () => true });
  expect(decodeEventFields(shown)).toEqual(none);
});
