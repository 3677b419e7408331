import { create, toBinary } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, test } from "vitest";
import { RuleEvent, type RuleSet, RuleSetSchema } from "../../../gen/dlq/v1/rule_pb.ts";
import { createRuleAdmin, type RuleAdmin } from "../../../src/app/rules/rule-admin.ts";
import { RULES, RulesInForce } from "../../../src/app/rules/rules-in-force.ts";
import type { Transform } from "../../../src/core/transform/transform.ts";
import { readStoredRules } from "../../../src/rpc/convert/rules.ts";
import { factsWith } from "../../rules/facts.ts";
import { envelope, mergeAttributes, mergePayload, patchPayload } from "../../support/edits.ts";
import { until, useTestStore } from "../../support/store.ts";
import { RuleRecorder, rule } from "./setup.ts";

const at = useTestStore();
let recorder: RuleRecorder;
let inForce: RulesInForce;
let admin: RuleAdmin;

function open(store = at.current.store) {
  const parts = { store, read: readStoredRules, observer: recorder, log: recorder.log };
  const rules = new RulesInForce(parts);
  return { rules, admin: createRuleAdmin({ store, inForce: rules, log: recorder.log }) };
}

beforeEach(() => {
  recorder = new RuleRecorder();
  ({ rules: inForce, admin } = open());
});

/** Rules that match every failure, by these names. */
const rulesOf = (...names: string[]): RuleSet["rules"] =>
  create(RuleSetSchema, {
    rules: names.map((name) => ({
      ...{ name, event: RuleEvent.FAILURE, when: "true" },
      action: { priority: 1 },
    })),
  }).rules;
const set = (etag: string, ...names: string[]) => admin.update({ etag, rules: rulesOf(...names) });
const namesOf = ({ rules }: RuleSet) => rules.map(({ name }) => name);
const matched = (rules = inForce) => rules.current().evaluate("FAILURE", factsWith()).matched;

describe("a set of rules", () => {
  test("is empty and has no etag if nothing was ever set", async () => {
    expect(await admin.get()).toMatchObject({ rules: [], etag: "" });
    expect(inForce.current().hasRulesFor("FAILURE")).toBe(false);
  });

  test("applies to the next decision and is compiled once", async () => {
    const { etag, updateTime } = await set("", "one");
    expect(etag).not.toBe("");
    expect(updateTime).toBeDefined();
    expect(matched()).toEqual(["one"]);
    expect(inForce.current()).toBe(inForce.current());
    expect(recorder.inForce).toEqual(["one"]);
  });

  test("is replaced as a whole, only with its etag", async () => {
    const first = await set("", "one");
    const second = await set(first.etag, "two");
    await expect(set(first.etag, "three")).rejects.toMatchObject({ kind: "STALE_ETAG" });
    expect(namesOf(await admin.get())).toEqual(["two"]);
    expect((await admin.get()).etag).toBe(second.etag);
  });

  test("that changes nothing succeeds with any etag", async () => {
    const first = await set("", "one");
    const second = await set(first.etag, "two");
    expect((await set(first.etag, "two")).etag).toBe(second.etag);
  });

  test("can be emptied and then still has an etag", async () => {
    const first = await set("", "one");
    const none = await set(first.etag);
    expect(none.rules).toEqual([]);
    expect(none.etag).not.toBe(first.etag);
    expect(matched()).toEqual([]);
    expect(recorder.inForce).toEqual([]);
  });

  test("applies on every server after a refresh, and on new servers", async () => {
    const elsewhere = at.current.openStore();
    await until("the connection", () => elsewhere.ready || undefined);
    const other = open(elsewhere);
    await set("", "one");
    await elsewhere.deployment.refresh();
    expect(matched(other.rules)).toEqual(["one"]);
    const late = at.current.openStore();
    await until("the connection", () => late.ready || undefined);
    expect(matched(open(late).rules)).toEqual(["one"]);
  });

  test("detects a concurrent change", async () => {
    const { etag } = await set("", "one");
    const results = await Promise.allSettled([set(etag, "two"), set(etag, "three")]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });
});

describe("a set that this version cannot read", () => {
  async function store(bytes: Uint8Array) {
    const { deployment } = at.current.store;
    await deployment.replace(RULES, deployment.get(RULES), () => bytes);
    await deployment.refresh();
  }
  const newer = () =>
    toBinary(RuleSetSchema, create(RuleSetSchema, { rules: [{ name: "x", event: 9 as never }] }));

  test.each([
    ["damaged", () => Uint8Array.of(255, 255)],
    ["of a later version", newer],
  ])("(%s) leaves the previous one in force and is logged once", async (_name, bytes) => {
    await set("", "one");
    await store(bytes());
    for (let n = 0; n < 3; n++) expect(matched()).toEqual(["one"]);
    expect(recorder.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
    await set("", "two");
    expect(matched()).toEqual(["two"]);
  });

  test("can be emptied", async () => {
    await set("", "one");
    await store(Uint8Array.of(255, 255));
    await set("");
    expect(matched()).toEqual([]);
  });
});

describe("a test of rules", () => {
  const encodeEnvelope = () => envelope('{"to":"a"}', { host: "h1" });
  const sample = { event: "FAILURE", facts: factsWith({}, {}, 1), encodeEnvelope } as const;

  test("evaluates the given rules and counts nothing", async () => {
    await set("", "one");
    const rules = [rule("attempts == 1", { priority: 3 }, { event: "FAILURE", name: "tried" })];
    expect(await admin.test({ rules, samples: [sample] })).toMatchObject([
      { matched: ["tried"], action: { priority: 3 } },
    ]);
    expect(recorder.matched).toEqual([]);
  });

  test("evaluates the rules in force for each sample in order", async () => {
    const elsewhere = at.current.openStore();
    await until("the connection", () => elsewhere.ready || undefined);
    await set("", "one");
    const arrival = { event: "ARRIVAL", facts: factsWith(), encodeEnvelope } as const;
    const results = await open(elsewhere).admin.test({
      rules: undefined,
      samples: [arrival, sample],
    });
    expect(results.map((one) => one.matched)).toEqual([[], ["one"]]);
  });

  test("returns the sample after transforms, and which transforms fail", async () => {
    const edits = (name: string, transform: Transform) =>
      rule("true", { transforms: [transform] }, { event: "FAILURE", name, proceed: true });
    const rules = [
      edits("moved", mergePayload({ to: "b" })),
      edits("missing", patchPayload({ op: "remove", path: "/missing" })),
      edits("hosts", mergeAttributes({ host: "h2" })),
    ];
    const [outcome] = await admin.test({ rules, samples: [sample] });
    expect(outcome).toMatchObject({
      matched: ["moved", "missing", "hosts"],
      failed: [{ rule: "missing", error: expect.stringContaining("PATH_MISSING") }],
      edited: { payload: { body: '{"to":"b"}' }, attributes: { host: "h2" } },
    });
  });
});
