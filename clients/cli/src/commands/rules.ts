import type { Command } from "commander";
import {
  type RuleTestResult,
  RuleTestResultSchema,
  TestRulesRequestSchema,
  TestRulesResponseSchema,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { RuleAction } from "../../../../gen/dlq/v1/rule_pb.ts";
import { addCommand, type WithRun } from "../command.ts";
import { EXIT } from "../errors.ts";
import { countedText } from "../output/numbers.ts";
import type { Column } from "../output/table.ts";
import { readMessage } from "../values/json-file.ts";

/** Adds `rules`: tries routing rules. */
export function addRules(program: Command, withRun: WithRun): void {
  const rules = program.command("rules").summary("Try routing rules");
  rules.description("Tries routing rules on samples.");
  addCommand(rules, withRun, {
    usage: "test <file>",
    summary: "Show what rules would do to samples; changes nothing",
    details:
      "FILE has a TestRulesRequest in JSON, as docs/reference/rules.md shows; `-` is stdin. Without ruleSet the rules in force are tried. The exit code is 1 if a rule fails.",
    examples: [
      ["dlq rules test rules.json", "rules and samples of a file"],
      ["dlq rules test rules.json -o json", "with the combined action and the edited messages"],
    ],
    run: async (run, _, [file = ""]) => {
      const { print } = run;
      const request = await readMessage(run, TestRulesRequestSchema, file);
      const answer = await run.admin.testRules(request, run.call);
      const { results } = answer;
      if (!print.answer(TestRulesResponseSchema, answer, RuleTestResultSchema, results)) {
        print.table(
          COLUMNS,
          results.map((result, at) => ({ at, result })),
        );
      }
      return results.some(({ failed }) => failed.length > 0) ? EXIT.failed : undefined;
    },
  });
}

interface Row {
  readonly at: number;
  readonly result: RuleTestResult;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "SAMPLE", text: ({ at }) => String(at + 1), align: "right" },
  { title: "MATCHED", text: ({ result }) => result.matched.join(", ") || "-", least: 10 },
  { title: "ACTION", text: ({ result }) => actionText(result.action), least: 10 },
  {
    title: "FAILED",
    text: ({ result }) => result.failed.map(({ rule, error }) => `${rule}: ${error}`).join("; "),
    least: 10,
    paint: (_, style) => style.bad,
  },
];

function actionText(action: RuleAction | undefined): string {
  if (action === undefined) return "-";
  const { queue, drop, quarantine, priority, retryPolicy, transforms } = action;
  const parts = [
    queue === "" ? "" : `to queue ${queue}`,
    drop ? "drop" : "",
    quarantine ? "quarantine" : "",
    priority === undefined ? "" : `priority ${priority}`,
    retryPolicy === undefined ? "" : "retry policy",
    transforms.length === 0 ? "" : countedText(transforms.length, "transform"),
  ].filter((part) => part !== "");
  return parts.join(", ") || "-";
}
