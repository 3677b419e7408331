import { expect, test } from "vitest";
import { decodeEventFields, encodeEventFields } from "../../src/codec/event-fields.ts";

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
    source_id: "order-42",
    tenant: "acme",
  });
});

test("is nothing if no name is asked for, or the message has none of them", () => {
  expect(roundTrip([], message({ tenant: "acme" }))).toBeUndefined();
  expect(roundTrip(["source_id", "tenant"], message({}, ""))).toBeUndefined();
});

test("a value that does not fit into 255 bytes is left out, and not those behind it", () => {
  const from = message({ large: "x".repeat(300), tenant: "acme" });
  expect(roundTrip(["source_id", "large", "tenant"], from)).toEqual({
    source_id: "order-42",
    tenant: "acme",
  });
  const full = encodeEventFields(["a", "b"], message({ a: "x".repeat(200), b: "y".repeat(200) }));
  expect(full?.length).toBeLessThanOrEqual(255);
});
