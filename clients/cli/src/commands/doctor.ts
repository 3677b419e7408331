import type { Command } from "commander";
import { addCommand, type WithRun } from "../command.ts";
import { clockFindings } from "../doctor/clock.ts";
import type { Finding } from "../doctor/finding.ts";
import { queueFindings } from "../doctor/queues.ts";
import { serverFindings, storeFinding } from "../doctor/server.ts";
import { EXIT } from "../errors.ts";
import { escaped } from "../output/escape.ts";
import type { Printer } from "../output/printer.ts";
import { wrapped } from "../output/wrap.ts";
import type { Run } from "../run.ts";

/** Adds `doctor`: what is wrong, and what to do. */
export function addDoctor(program: Command, withRun: WithRun): void {
  addCommand(program, withRun, {
    usage: "doctor",
    summary: "Check server, Redis, clocks, counts and queues, and say what to do",
    details: "The exit code is 1 if there is a problem; warnings leave it 0.",
    examples: [
      ["dlq doctor", "all checks"],
      ["dlq doctor -o jsonl | jq 'select(.level == \"problem\")'", "for scripts"],
    ],
    run: async (run) => {
      const { print } = run;
      const findings = await findingsOf(run);
      if (!print.items("findings", findings))
        print.lines(findings.flatMap((finding) => findingLines(finding, print)));
      return findings.some(({ level }) => level === "problem") ? EXIT.failed : undefined;
    },
  });
}

/** Without its store a server can answer no further check. */
async function findingsOf(run: Run): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of [serverFindings, clockFindings, queueFindings]) {
    try {
      findings.push(...(await check(run)));
    } catch (error) {
      findings.push(storeFinding(error));
    }
    if (findings.some((one) => one.check === "store")) break;
  }
  return findings;
}

const SIGNS = { ok: "ok     ", warning: "warning", problem: "PROBLEM" } as const;

function findingLines({ level, what, advice }: Finding, print: Printer): string[] {
  const { style, width } = print;
  const paint = { ok: style.good, warning: style.warning, problem: style.bad }[level];
  const indent = SIGNS[level].length + 2;
  const [first = "", ...rest] = [
    ...wrapped(escaped(what), width, indent),
    ...(advice === "" ? [] : wrapped(escaped(`-> ${advice}`), width, indent)),
  ];
  return [
    `${paint(SIGNS[level])}  ${first}`,
    ...rest.map((line) => `${" ".repeat(indent)}${line}`),
  ];
}
