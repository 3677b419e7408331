import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import {
  RuleEvent,
  type RuleSet,
  RuleSetSchema,
  TransformTarget,
} from "../../gen/dlq/v1/rule_pb.ts";
import { readStoredRules } from "../../src/rpc/convert/rules.ts";
import { createRig, errorOf, type Rig, transportOf, violationsOf } from "./in-memory.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
const admin = () => createClient(DlqAdminService, transportOf(rig));

const FAILURE = { event: RuleEvent.FAILURE, when: "true" };
const rule = { name: "a", ...FAILURE, action: { priority: 1 } };
const payload = { body: { case: "text" as const, value: "{}" } };

describe("an update", () => {
  test("hands on valid rules and the etag, and answers what is set then", async () => {
    const { ruleSet } = await admin().updateRules({ ruleSet: { rules: [rule], etag: "before" } });
    expect(rig.rules.updates).toMatchObject([{ etag: "before", rules: [{ name: "a" }] }]);
    expect(ruleSet).toMatchObject({ etag: "e", rules: [{ name: "a" }] });
    expect((await admin().getRules({})).ruleSet?.etag).toBe("e");
  });

  test("may be of no rules at all", async () => {
    await admin().updateRules({});
    expect(rig.rules.updates).toEqual([{ etag: "", rules: [] }]);
  });

  test("names every mistake with its rule, its field and its place", async () => {
    const rules = [
      { name: "no good", ...FAILURE, action: { queue: "no queue" } },
      { name: "b", when: "attempts == 1", action: { drop: true, quarantine: true } },
      { name: "c", event: RuleEvent.ARRIVAL, when: "attempts == 1", action: { priority: 101 } },
      { name: "c", event: 7 as never, when: "message.nothing", action: {} },
      {
        name: "d",
        ...FAILURE,
        action: { retryPolicy: { preset: "none", maxDelay: durationFromMs(-1) } },
      },
    ];
    const error = await errorOf(admin().updateRules({ ruleSet: { rules } }));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(
      violationsOf(error)
        .map(({ field }) => field)
        .toSorted(),
    ).toEqual(
      [
        "rule_set.rules[0].action.queue",
        "rule_set.rules[0].name",
        "rule_set.rules[1].action.drop",
        "rule_set.rules[1].event",
        "rule_set.rules[2].action.priority",
        "rule_set.rules[2].when",
        "rule_set.rules[3].action",
        "rule_set.rules[3].event",
        "rule_set.rules[3].name",
        "rule_set.rules[3].when",
        "rule_set.rules[4].action.retry_policy.max_delay",
        "rule_set.rules[4].action.retry_policy.preset",
      ].toSorted(),
    );
    expect(rig.rules.updates).toEqual([]);
  });

  test("keeps transforms, and refuses those that would fail on every message", async () => {
    const transformOf = (value: string) => ({
      target: TransformTarget.PAYLOAD,
      patch: { case: "jsonPatch" as const, value },
    });
    const rulesOf = (value: string) => [{ ...rule, action: { transforms: [transformOf(value)] } }];
    await admin().updateRules({ ruleSet: { rules: rulesOf("[]") } });
    expect(rig.rules.updates).toMatchObject([{ rules: rulesOf("[]") }]);
    const error = await errorOf(admin().updateRules({ ruleSet: { rules: rulesOf("{}") } }));
    expect(violationsOf(error)).toEqual([
      {
        field: "rule_set.rules[0].action.transforms[0].json_patch",
        description: expect.stringContaining("is an array"),
      },
    ]);
  });
});

describe("a test of samples", () => {
  type Samples = NonNullable<Parameters<ReturnType<typeof admin>["testRules"]>[0]["samples"]>;
  const tried = (samples: Samples) => admin().testRules({ samples });

  test("hands on what rules see", async () => {
    const message = { queue: "q", payload, attributes: { a: "1" }, priority: 3 };
    await tried([
      { event: RuleEvent.ARRIVAL, message: { ...message, failure: { type: "TimeoutError" } } },
      { event: RuleEvent.FAILURE, message, failure: { httpStatus: 410, message: "gone" } },
      { event: RuleEvent.FAILURE, message, attempts: 4 },
    ]);
    const [{ rules, samples } = { rules: [], samples: [] }] = rig.rules.tests;
    expect(rules).toBeUndefined();
    expect(samples).toMatchObject([
      {
        event: "ARRIVAL",
        facts: {
          message: { queue: "q", payloadBytes: 2, attributes: { a: "1" }, priority: 3 },
          failure: { reason: "TIMEOUT", type: "TimeoutError" },
        },
      },
      { event: "FAILURE", facts: { failure: { httpStatus: 410, message: "gone" }, attempts: 1 } },
      { event: "FAILURE", facts: { attempts: 4 } },
    ]);
    expect(samples[0]?.facts.attempts).toBeUndefined();
  });

  test("tries the rules that are given, and says what all that match do", async () => {
    rig.rules.decision = {
      matched: ["a", "b"],
      failed: [{ rule: "c", error: "no number" }],
      action: { queue: "b", priority: -3, retryPolicy: { preset: "webhook" } },
      decidedBy: {},
      edits: [],
    };
    const sample = { event: RuleEvent.FAILURE, message: { queue: "q", payload } };
    const { results } = await admin().testRules({ ruleSet: { rules: [rule] }, samples: [sample] });
    expect(rig.rules.tests[0]?.rules).toMatchObject([{ name: "a", action: { priority: 1 } }]);
    expect(results).toMatchObject([
      {
        matched: ["a", "b"],
        failed: [{ rule: "c", error: "no number" }],
        action: { queue: "b", priority: -3, drop: false, retryPolicy: { preset: "webhook" } },
      },
    ]);
  });

  test("shows the message as transforms would leave it", async () => {
    const edited = {
      payload: { body: "[]", contentType: "" },
      attributes: { b: "2" },
    };
    rig.rules.decision = {
      matched: ["a"],
      failed: [],
      action: {},
      decidedBy: {},
      edits: [],
      edited,
    };
    const message = { queue: "q", payload, attributes: { a: "1" }, sourceId: "s" };
    const { results } = await tried([{ event: RuleEvent.ARRIVAL, message }]);
    expect(results[0]?.transformed).toMatchObject({
      ...{ queue: "q", sourceId: "s", attributes: { b: "2" } },
      payload: { body: { case: "text", value: "[]" } },
    });
    expect(rig.rules.tests[0]?.samples[0]?.encodeEnvelope().length).toBeGreaterThan(0);
  });

  test.each<[string, Parameters<typeof tried>[0], string[]]>([
    ["none", [], ["samples"]],
    ["no event", [{ message: { queue: "q", payload } }], ["samples[0].event"]],
    [
      "no message",
      [{ event: RuleEvent.FAILURE }, { event: RuleEvent.ARRIVAL }],
      ["samples[0].message", "samples[1].message"],
    ],
    [
      "no valid message",
      [{ event: RuleEvent.ARRIVAL, message: { queue: "no queue" } }],
      ["samples[0].message.queue", "samples[0].message.payload"],
    ],
    [
      "attempts on arrival",
      [{ event: RuleEvent.ARRIVAL, message: { queue: "q", payload }, attempts: 1, failure: {} }],
      ["samples[0].failure", "samples[0].attempts"],
    ],
  ])("%s: is refused", async (_name, samples, fields) => {
    const error = await errorOf(tried(samples));
    expect(violationsOf(error).map(({ field }) => field)).toEqual(fields);
  });

  test("names what is wrong with rules and samples at once", async () => {
    const error = await errorOf(
      admin().testRules({ ruleSet: { rules: [{ ...rule, when: "?" }] }, samples: [{}] }),
    );
    expect(violationsOf(error).map(({ field }) => field)).toEqual([
      "rule_set.rules[0].when",
      "samples[0].event",
      "samples[0].message",
    ]);
  });
});

describe("a stored set", () => {
  const stored = (event: number): RuleSet =>
    create(RuleSetSchema, { rules: [{ ...rule, event: event as never }] });

  test("is read as it was set", () => {
    expect(readStoredRules(stored(1))).toMatchObject([{ name: "a", event: "ARRIVAL" }]);
  });

  test("of a later version is not read at all", () => {
    expect(() => readStoredRules(stored(9))).toThrow(/rules\[0\].event/);
  });
});
