// Checks docs/reference/rules.md: its rules are valid, its expressions and transforms give the documented results, and its
// tables equal the code.

import { fromJsonString } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { SendToDlqRequestSchema } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { type RuleAction as RuleActionMessage, RuleSetSchema } from "../../gen/dlq/v1/rule_pb.ts";
import { EDIT_LIMITS } from "../../src/core/transform/editable.ts";
import { MAX_JSON_NESTING } from "../../src/core/transform/json.ts";
import { applyTransforms, MAX_UNDO_BYTES } from "../../src/core/transform/transform.ts";
import { CompiledRules } from "../../src/rules/compiled-rules.ts";
import { compileExpression } from "../../src/rules/expression.ts";
import { bindingsOf, type RuleFacts } from "../../src/rules/facts.ts";
import { MAX_HOPS } from "../../src/rules/merge-actions.ts";
import { RULE_LIMITS, RULE_NAME, type Rule, type RuleAction } from "../../src/rules/rule.ts";
import { RULE_VOCABULARY } from "../../src/rules/rule-vocabulary.ts";
import { ruleViolations } from "../../src/rules/validate-rules.ts";
import { type ExpressionType, FUNCTIONS, fieldsOf } from "../../src/rules/vocabulary.ts";
import { CONTEXT } from "../core/transform/context.ts";
import { findGrpcurl } from "../support/grpcurl.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { codesOf, fence, fencesOf, readDocument, tableRows } from "./markdown.ts";
import { openShell, type Shell } from "./shell.ts";
import { atServer, firstMissing } from "./transcript.ts";

const PAGE = readDocument("docs/reference/rules.md");
const SAMPLE = fromJsonString(SendToDlqRequestSchema, fence(PAGE, "json sample"));
const PAYLOAD = SAMPLE.payload?.body.case === "text" ? SAMPLE.payload.body.value : "";

const FACTS: RuleFacts = {
  message: {
    queue: SAMPLE.queue,
    sourceId: SAMPLE.sourceId,
    orderingKey: SAMPLE.orderingKey,
    priority: SAMPLE.priority,
    attributes: SAMPLE.attributes,
    payloadBytes: PAYLOAD.length,
    contentType: "",
    origin: {
      service: SAMPLE.origin?.service ?? "",
      instance: "",
      version: "",
      coordinates: SAMPLE.origin?.coordinates ?? {},
    },
  },
  failure: {
    reason: "WEBHOOK_FAILED",
    type: SAMPLE.failure?.type ?? "",
    message: SAMPLE.failure?.message ?? "",
    httpStatus: SAMPLE.failure?.httpStatus,
    attributes: {},
  },
  attempts: 2,
};

/** Returns the code of a cell without the escapes of tables. */
const codeOf = (cell = ""): string => (codesOf(cell)[0] ?? "").replaceAll("\\|", "|");

function actionOf(action: RuleActionMessage | undefined): RuleAction {
  const { queue, priority, quarantine, drop, retryPolicy } = action ?? {};
  return { queue, priority, quarantine, drop, retryPolicy: retryPolicy && {} };
}

const RULES: Rule[] = fromJsonString(RuleSetSchema, fence(PAGE, "json rules")).rules.map(
  ({ name, event, when, action, proceed, disabled }) => ({
    name,
    event: event === 1 ? "ARRIVAL" : "FAILURE",
    when,
    action: actionOf(action),
    proceed,
    disabled,
  }),
);

describe("the example rules", () => {
  const rules = new CompiledRules(RULES);

  it("are valid", () => {
    expect(RULES).toHaveLength(5);
    expect(ruleViolations(RULES, () => [])).toEqual([]);
  });

  it.each<[string, "ARRIVAL" | "FAILURE", Partial<RuleFacts>, string[]]>([
    ["the sample", "ARRIVAL", {}, []],
    [
      "gold",
      "ARRIVAL",
      { message: { ...FACTS.message, attributes: { tier: "gold" }, payloadBytes: 600 * 1024 } },
      ["vip-first", "large"],
    ],
    [
      "a test",
      "ARRIVAL",
      { message: { ...FACTS.message, attributes: { env: "test" } } },
      ["test-traffic"],
    ],
    ["a 410", "FAILURE", { failure: { ...FACTS.failure, httpStatus: 410 } }, ["gone-for-good"]],
    [
      "a third timeout",
      "FAILURE",
      { failure: { ...FACTS.failure, message: "Timed out" }, attempts: 3 },
      ["slow-host"],
    ],
  ])("match %s as documented", (_name, event, parts, matched) => {
    expect(rules.evaluate(event, { ...FACTS, ...parts })).toMatchObject({ matched, failed: [] });
  });
});

describe("the example calls", () => {
  const blocks = fencesOf(PAGE).filter(({ info }) => info.includes(" calls"));
  let server: TestServer;
  let shell: Shell;
  beforeAll(async () => {
    server = await startTestServer();
    shell = openShell(`grpcurl() { '${findGrpcurl()}' "$@"; }`);
  });
  afterAll(async () => {
    shell?.close();
    await server?.stop();
  });

  it("give the documented answers", async () => {
    let output = "";
    expect(blocks.length).toBe(8);
    for (const { info, text } of blocks) {
      if (info === "sh calls") {
        output = await shell.run(atServer(text, server));
      } else {
        const missing = firstMissing(text.trimEnd().split("\n"), output);
        expect(missing, `in the output\n${output}`).toBeUndefined();
      }
    }
  });
});

describe("expressions", () => {
  test.each(tableRows(PAGE, "expression"))("%s: %s", (cell, gives = "") => {
    const outcome = compileExpression(codeOf(cell), RULE_VOCABULARY.FAILURE).evaluate(
      bindingsOf(FACTS),
    );
    expect(typeof outcome === "object" ? "failed" : String(outcome)).toBe(gives);
  });

  it("are at least as many as expected", () => {
    expect(tableRows(PAGE, "expression").length).toBeGreaterThan(15);
  });
});

describe("transforms", () => {
  test.each(tableRows(PAGE, "target"))("of %s: %s", (target, cell, gives) => {
    const patch = codeOf(cell);
    const kind = patch.startsWith("[") ? "JSON_PATCH" : "MERGE_PATCH";
    const result = applyTransforms(
      [{ target: target === "payload" ? "PAYLOAD" : "ATTRIBUTES", kind, patch }],
      { payload: PAYLOAD, attributes: SAMPLE.attributes },
      CONTEXT,
    );
    if (!result.ok) expect(result.refusal.kind).toBe(codeOf(gives));
    else if (target === "payload") expect(result.message.payload).toBe(codeOf(gives));
    else expect(result.message.attributes).toEqual(JSON.parse(codeOf(gives)));
  });
});

test("every variable and every function has a row", () => {
  const paths = (name: string, type: ExpressionType): string[] => {
    const fields = fieldsOf(RULE_VOCABULARY.FAILURE, type);
    if (fields === undefined) return [name];
    return Object.entries(fields).flatMap(([field, inner]) => paths(`${name}.${field}`, inner));
  };
  const variables = Object.entries(RULE_VOCABULARY.FAILURE.variables).flatMap(([name, type]) =>
    paths(name, type),
  );
  const rows = tableRows(PAGE, "variable").flatMap(([cell = ""]) => codesOf(cell));
  expect(rows.toSorted()).toEqual(variables.toSorted());
  const functions = tableRows(PAGE, "function").map(([cell]) => /(\w+)\(/.exec(codeOf(cell))?.[1]);
  expect(new Set(functions)).toEqual(new Set([...Object.keys(FUNCTIONS), "has"]));
});

test("the limits are those of the code", () => {
  expect(tableRows(PAGE, "what").map(([, limit]) => limit)).toEqual([
    `${RULE_LIMITS.rules}`,
    `\`${RULE_NAME.source.slice(1, -1)}\`, unique`,
    `${RULE_LIMITS.expressionBytes} bytes`,
    `${RULE_LIMITS.nesting}`,
    `${RULE_LIMITS.patternSteps} steps`,
    `${RULE_LIMITS.setPatternSteps} steps`,
    `-${RULE_LIMITS.priority} to ${RULE_LIMITS.priority}`,
    `${EDIT_LIMITS.transforms}`,
    `${MAX_HOPS}`,
    `${MAX_JSON_NESTING}`,
  ]);
  expect(PAGE).toContain(`up to ${MAX_UNDO_BYTES / 1024} KiB, a JSON`);
  expect(PAGE).toContain(`After ${MAX_HOPS} moves`);
});
