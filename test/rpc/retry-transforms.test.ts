import { Code } from "@connectrpc/connect";
import { beforeEach, describe, expect, it } from "vitest";
import { RetryRefusal } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { TransformTarget } from "../../gen/dlq/v1/rule_pb.ts";
import { clientOf, createRig, errorOf, type Rig, violationsOf } from "./in-memory.ts";
import { MESSAGE_ID, MESSAGE_ID_TEXT } from "./scripted-dlq.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const { PAYLOAD, ATTRIBUTES } = TransformTarget;
const merge = (value: string, target: TransformTarget = PAYLOAD) => ({
  target,
  patch: { case: "mergePatch" as const, value },
});
const jsonPatch = (value: string) => ({
  target: PAYLOAD,
  patch: { case: "jsonPatch" as const, value },
});
type Given = NonNullable<Parameters<ReturnType<typeof clientOf>["retry"]>[0]["transforms"]>;
const retry = (transforms: Given, dryRun = false) =>
  clientOf(rig).retry({ queue: "q", ids: [MESSAGE_ID_TEXT], transforms, dryRun });

it("transforms are read in order", async () => {
  await retry([jsonPatch('[{"op":"remove","path":"/a"}]'), merge('{"b":null}', ATTRIBUTES)], true);
  expect(rig.dlq.retried).toMatchObject([
    {
      dryRun: true,
      transforms: [
        { target: "PAYLOAD", kind: "JSON_PATCH", patch: '[{"op":"remove","path":"/a"}]' },
        { target: "ATTRIBUTES", kind: "MERGE_PATCH", patch: '{"b":null}' },
      ],
    },
  ]);
});

it("a request without transforms has none", async () => {
  await retry([]);
  expect(rig.dlq.retried).toMatchObject([{ dryRun: false, transforms: [] }]);
});

describe("a transform that would fail on any message is refused with its index", () => {
  it.each<[string, Given, string]>([
    ["transforms[0].target", [merge("{}", TransformTarget.UNSPECIFIED)], "PAYLOAD or ATTRIBUTES"],
    ["transforms[0].target", [merge("{}", 9 as TransformTarget)], "PAYLOAD or ATTRIBUTES"],
    ["transforms[0]", [{ target: PAYLOAD }], "json_patch nor merge_patch"],
    ["transforms[1].json_patch", [merge("{}"), jsonPatch("{}")], "array of operations"],
    ["transforms[0].json_patch", [jsonPatch('[{"op":"remove","path":"a"}]')], "must be empty"],
    ["transforms[0].merge_patch", [merge("no json")], "not JSON"],
    ["transforms[0].merge_patch", [merge(`"${"x".repeat(65_536)}"`)], "exceeds 65536 bytes"],
    ["transforms", Array.from({ length: 11 }, () => merge("{}")), "at most 10"],
  ])("%s (row %#)", async (field, given, words) => {
    const error = await errorOf(retry(given));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(violationsOf(error).map((one) => one.field)).toEqual([field]);
    expect(violationsOf(error)[0]?.description).toContain(words);
    expect(rig.dlq.retried).toEqual([]);
  });
});

it("the response names refused messages, also those that a filter found", async () => {
  rig.dlq.onRetry = async () => ({
    retriedCount: 0,
    refused: [{ index: 0, refusal: "TRANSFORM_FAILED", id: MESSAGE_ID, detail: "why" }],
  });
  const refused = [{ id: MESSAGE_ID_TEXT, refusal: RetryRefusal.TRANSFORM_FAILED, detail: "why" }];
  const byFilter = { queue: "q", filter: {}, expectedCount: 1, transforms: [merge("{}")] };
  expect(await clientOf(rig).retry(byFilter)).toMatchObject({ refused });
  expect(await retry([merge("{}")])).toMatchObject({ refused });
});

it("previews show a message before and after", async () => {
  const content = (body: string, attributes: Record<string, string>) => ({
    payload: { body, contentType: "a/b" },
    attributes,
  });
  rig.dlq.onRetry = async () => ({
    retriedCount: 1,
    refused: [],
    previews: [
      {
        ...{ id: MESSAGE_ID, before: content("1", { a: "x" }), after: content("2", {}) },
        redacted: ["/card"],
      },
    ],
  });
  expect((await retry([merge("2")], true)).previews).toMatchObject([
    {
      id: MESSAGE_ID_TEXT,
      before: { payload: { body: { value: "1" }, contentType: "a/b" }, attributes: { a: "x" } },
      after: { payload: { body: { value: "2" } }, attributes: {} },
      redacted: ["/card"],
    },
  ]);
});
