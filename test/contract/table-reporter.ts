// Prints the table of scenarios at the end of a run that played any.

import type { Reporter, TestCase, TestModule } from "vitest/node";
import { type PlayedCell, tableOf } from "./table.ts";

export default class TableReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const cells = tests.flatMap((test) => cellOf(test) ?? []);
    if (cells.length > 0) process.stdout.write(`\n${tableOf(cells)}\n\n`);
  }
}

function cellOf(test: TestCase): PlayedCell | undefined {
  const { cell } = test.meta();
  if (cell === undefined) return undefined;
  const { state } = test.result();
  const played = state === "passed" || state === "failed" ? state : "not played";
  return { ...cell, state: played, tookMs: test.diagnostic()?.duration ?? 0 };
}
