// The last lines of `npm test` name what failed: a reader of a long log looks there first.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");

test("a run of vitest reports a line for each failure", () => {
  mkdirSync(join(ROOT, ".runtime"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".runtime/failures-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write(
    "some.test.ts",
    `import { describe, expect, test } from "vitest";
     test("adds", () => expect(1 + 1).toBe(2));
     describe("sums", () => test("are odd", () => expect(2).toBe(3)));`,
  );
  write("broken.test.ts", `throw new Error("no such part\\nand more");`);
  const report = join(folder, "report.json");
  spawnSync(
    process.execPath,
    [
      join(ROOT, "node_modules/vitest/vitest.mjs"),
      ...["run", "--root", folder],
      `--reporter=${join(ROOT, "test/support/progress-reporter.ts")}`,
    ],
    { env: { ...process.env, NO_COLOR: "1", DLQ_TEST_REPORT: report } },
  );
  const { passed, failed, failures } = JSON.parse(readFileSync(report, "utf8"));
  expect({ passed, failed }).toEqual({ passed: 1, failed: 2 });
  expect(failures.toSorted()).toEqual([
    "broken.test.ts: no such part",
    "some.test.ts > sums > are odd: expected 2 to be 3 // Object.is equality",
  ]);
});
