// The alert rules: promtool's own checks and tests of them, and their runbook.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { createMetrics } from "../../src/observe/metrics.ts";
import { promtool } from "../support/promtool.ts";
import { ROOT } from "./markdown.ts";

const RULES = join(ROOT, "docs/alerts/dlq.rules.yaml");
const TESTS = join(ROOT, "docs/alerts/dlq.rules.test.yaml");

interface Rule {
  alert: string;
  expr: string;
  labels?: { severity?: string };
  annotations?: { summary?: string; runbook?: string };
}

const rules: Rule[] = parse(readFileSync(RULES, "utf8")).groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
);

/** promtool takes 40 s of a core for the tests of all rules. */
const PROMTOOL_MS = 400_000;

test.each([
  ["rules are well formed", ["check", "rules", RULES]],
  ["each rule fires when it must, and only then", ["test", "rules", TESTS]],
])("%s", { timeout: PROMTOOL_MS }, (_, args) => {
  const { ok, output } = promtool(args);
  expect(ok, output).toBe(true);
});

test("every rule has a test in which it fires", () => {
  const cases: { alert_rule_test?: { alertname: string; exp_alerts: unknown[] }[] }[] = parse(
    readFileSync(TESTS, "utf8"),
  ).tests;
  const fired = cases
    .flatMap((one) => one.alert_rule_test ?? [])
    .filter(({ exp_alerts }) => exp_alerts.length > 0)
    .map(({ alertname }) => alertname);
  expect(new Set(fired)).toEqual(new Set(rules.map(({ alert }) => alert)));
});

test("metrics have the names and forms that Prometheus asks for", async () => {
  const buildInfo = { version: "1", node: "v1" };
  const metrics = createMetrics({ namespace: "", maxQueues: 1, buildInfo });
  const { ok, output } = promtool(["check", "metrics"], await metrics.render());
  expect(ok, output).toBe(true);
});

describe.each(rules)("$alert", ({ alert, expr, labels, annotations }) => {
  test("has a severity, a summary and a section of the runbook", () => {
    expect(labels?.severity).toMatch(/^(critical|warning|info)$/);
    expect(annotations?.summary).toBeTruthy();
    const [page = "", anchor] = (annotations?.runbook ?? "").split("#");
    expect(anchor).toBe(alert.toLowerCase());
    expect(readFileSync(join(ROOT, page), "utf8")).toContain(`\n## ${alert}\n`);
  });

  test("uses metrics that exist", () => {
    const table = readFileSync(join(ROOT, "docs/reference/metrics.md"), "utf8");
    for (const [name] of expr.matchAll(/dlq_\w+/g)) {
      expect(table).toContain(`\`${name.replace(/_(bucket|count)$/, "")}\``);
    }
  });
});
