import { describe, expect, it } from "vitest";
import { actionFieldsOf } from "../../src/core/action-fields.ts";

const fieldsOf = (
  payload: string | Uint8Array | undefined,
  attributes: Record<string, string> = {},
  hidden: readonly string[] = [],
) =>
  actionFieldsOf(
    { payload: () => payload, attribute: (name) => attributes[name] },
    { attribute: (name) => hidden.includes(name), payload: (name) => hidden.includes(name) },
  );

describe("the action of a message", () => {
  const PAYLOAD = { action_type_id: "update_user", object_ids: ["u1", 2], executed_by: "ann" };
  const FIELDS = {
    ...{ actionTypeId: "update_user", objectIds: ["u1", "2"] },
    ...{ executedBy: "ann", omittedObjects: 0 },
  };

  it("is read from a JSON payload, as text or bytes", () => {
    const text = JSON.stringify(PAYLOAD);
    expect(fieldsOf(text)).toEqual(FIELDS);
    expect(fieldsOf(Buffer.from(text))).toEqual(FIELDS);
  });

  it("is read from attributes, which go before the payload", () => {
    const attributes = { action_type_id: "other", object_ids: '["a","b"]' };
    expect(fieldsOf(undefined, attributes)).toMatchObject({ objectIds: ["a", "b"] });
    expect(fieldsOf(JSON.stringify(PAYLOAD), attributes)).toEqual({
      ...{ actionTypeId: "other", objectIds: ["a", "b"] },
      ...{ executedBy: "ann", omittedObjects: 0 },
    });
    expect(fieldsOf(undefined, { action_type_id: "t", object_ids: "one" })?.objectIds).toEqual([
      "one",
    ]);
  });

  it.each([
    ["no payload", undefined],
    ["a text that is no JSON", 'about "action_type_id"'],
    ["a field deeper in the payload", '{"a":{"action_type_id":"x"}}'],
    ["a list", '["action_type_id"]'],
    ["a large payload", JSON.stringify({ action_type_id: "x", more: "y".repeat(300_000) })],
  ])("is nothing with %s", (_, payload) => {
    expect(fieldsOf(payload)).toBeUndefined();
  });

  it("has nothing that is hidden", () => {
    const text = JSON.stringify(PAYLOAD);
    expect(fieldsOf(text, {}, ["object_ids", "executed_by"])).toEqual({
      ...{ actionTypeId: "update_user", objectIds: [], executedBy: "", omittedObjects: 0 },
    });
    expect(fieldsOf(text, {}, ["action_type_id"])).toBeUndefined();
  });
});
