import { timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it, test } from "vitest";
import { TransformTarget } from "../../../gen/dlq/v1/rule_pb.ts";
import { type EditPlan, planEdits } from "../../../src/app/edits/plan-edits.ts";
import { EDIT_LIMITS, transformLimits } from "../../../src/core/transform/editable.ts";
import type { Transform } from "../../../src/core/transform/transform.ts";
import type { StoredContent } from "../../../src/store/contract.ts";
import {
  envelope,
  mergeAttributes,
  mergePayload,
  patchPayload,
  readEdits,
} from "../../support/edits.ts";

const CONTEXT = {
  atMs: 1_700_000_000_123,
  limits: transformLimits(),
  limiterKeyOf: (attribute: (name: string) => string | undefined) => attribute("host") ?? "",
};

const stored = (
  payload: string | Uint8Array,
  attributes = {},
  edits?: Uint8Array,
): StoredContent => ({
  state: "QUARANTINED",
  version: 1,
  envelope: envelope(payload, attributes),
  edits,
});

const plan = (content: StoredContent, ...transforms: Transform[]): EditPlan =>
  planEdits(
    content,
    transforms.map((transform) => ({ transform, source: "Retry" })),
    CONTEXT,
  );

function edited(content: StoredContent, ...transforms: Transform[]) {
  const made = plan(content, ...transforms);
  if (made.kind !== "edit") throw new Error(`it was not edited: ${JSON.stringify(made)}`);
  return { ...made, record: readEdits(made.write.edits) };
}

/** The same message after an edit. */
const editedOnce = (content: StoredContent, ...transforms: Transform[]): StoredContent => ({
  ...content,
  edits: edited(content, ...transforms).write.edits,
});

const ORDER = '{"to":"https://a.example","total":12.50}';
const HOST = mergePayload({ to: "https://b.example" });

describe("an edit", () => {
  it("is recorded with who, when, what, and what undoes it", () => {
    const { record, write } = edited(stored(ORDER), HOST);
    expect(record.payload).toMatchObject({
      contentType: "application/json",
      body: { case: "text", value: '{"to":"https://b.example","total":12.50}' },
    });
    const [edit] = record.edits;
    expect(edit).toMatchObject({
      who: "Retry",
      target: TransformTarget.PAYLOAD,
      patch: '[{"op":"replace","path":"/to","value":"https://b.example"}]',
      inverse: '[{"op":"replace","path":"/to","value":"https://a.example"}]',
    });
    expect(edit?.time && timestampMs(edit.time)).toBe(CONTEXT.atMs);
    expect(record.applied).toEqual([edit?.hash]);
    expect(write).toMatchObject({ payloadBytes: 40, grown: write.edits.length });
  });

  it("of attributes alone stores no payload again, and one of the payload no attributes", () => {
    const attributes = edited(stored(ORDER, { host: "a" }), mergeAttributes({ host: "b" })).record;
    expect(attributes).toMatchObject({ attributesEdited: true, attributes: { host: "b" } });
    expect(attributes.payload).toBeUndefined();
    const payload = edited(stored(ORDER, { host: "a" }), HOST).record;
    expect(payload).toMatchObject({ attributesEdited: false, attributes: {} });
  });

  it("may leave no attributes at all", () => {
    const { record, after: then } = edited(stored(ORDER, { a: "1" }), mergeAttributes({ a: null }));
    expect(record).toMatchObject({ attributesEdited: true, attributes: {} });
    expect(then.attributes).toEqual({});
  });

  it("keeps bytes bytes", () => {
    const { record } = edited(stored(Buffer.from(ORDER)), HOST);
    expect(record.payload?.body.case).toBe("data");
  });

  it("goes on from the one before, and counts by how much the whole has grown", () => {
    const once = editedOnce(stored(ORDER, { a: "1" }), HOST, mergeAttributes({ a: "2" }));
    const twice = edited(once, patchPayload({ op: "remove", path: "/total" }));
    expect(twice.before.payload.body).toContain("b.example");
    expect(twice.after.payload.body).toBe('{"to":"https://b.example"}');
    expect(twice.record).toMatchObject({ attributesEdited: true, attributes: { a: "2" } });
    expect(twice.record.edits).toHaveLength(3);
    expect(twice.write.grown).toBe(twice.write.edits.length - (once.edits?.length ?? 0));
  });
});

describe("a transform that the message has had", () => {
  const append = patchPayload({ op: "add", path: "/tags/-", value: "x" });

  it("is not applied again", () => {
    const once = editedOnce(stored('{"tags":[]}'), append);
    expect(plan(once, append)).toEqual({ kind: "unchanged" });
    const { after: then } = edited(once, append, patchPayload({ op: "add", path: "/n", value: 1 }));
    expect(then.payload.body).toBe('{"tags":["x"],"n":1}');
  });

  it("is not applied twice in one call either", () => {
    const { after: then, record } = edited(stored('{"tags":[]}'), append, append);
    expect(then.payload.body).toBe('{"tags":["x"]}');
    expect(record.applied).toHaveLength(1);
  });

  it("is known after its diff has been dropped", () => {
    let content = editedOnce(stored('{"tags":[]}'), append);
    for (let n = 0; n < EDIT_LIMITS.diffs; n++) content = editedOnce(content, mergePayload({ n }));
    expect(readEdits(content.edits).edits).toHaveLength(EDIT_LIMITS.diffs);
    expect(plan(content, append)).toEqual({ kind: "unchanged" });
  });
});

test("a refusal names the transform by its place, and nothing is edited", () => {
  const missing = patchPayload({ op: "remove", path: "/nowhere" });
  expect(plan(stored(ORDER), HOST, missing)).toEqual({
    kind: "refuse",
    detail: 'transform 1: PATH_MISSING: there is nothing at "/nowhere"',
  });
  const once = editedOnce(stored(ORDER), HOST);
  expect(plan(once, HOST, missing)).toMatchObject({
    detail: expect.stringContaining("transform 1"),
  });
  expect(plan(stored("no json"), HOST)).toMatchObject({
    detail: expect.stringContaining("NOT_JSON"),
  });
});

test("words of a refusal are cut", () => {
  const long = plan(stored(ORDER), patchPayload({ op: "remove", path: `/${"ü".repeat(120)}/x` }));
  const detail = long.kind === "refuse" ? long.detail : "";
  expect(detail).toContain("PATH_MISSING");
  expect(Buffer.byteLength(detail)).toBeLessThanOrEqual(EDIT_LIMITS.detailBytes);
  expect(detail).not.toContain("\ufffd");
});

test("no message is edited without end", () => {
  let content = stored("{}");
  for (let n = 0; n < EDIT_LIMITS.applied; n++) content = editedOnce(content, mergePayload({ n }));
  expect(plan(content, mergePayload({ n: "one more" }))).toMatchObject({ kind: "refuse" });
  expect(plan(content, mergePayload({ n: 0 }))).toEqual({ kind: "unchanged" });
});
