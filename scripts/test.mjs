// `npm test`: sets up what is missing, checks, runs the tests part by part, names what failed, counts. The
// last line is the count. `npm run check` is the quick part of it, which needs Node and redis-server alone;
// `npm run test:slow` is what takes minutes. `npm test -- PATH` runs the tests of a file or folder.

import { QUICK_CHECKS, runChecks, runGeneratedCheck } from "./checks/checks.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { runScript } from "./setup/step.mjs";
import { runFaults } from "./tests/faults.mjs";
import { LONG_FORMS, partsOf } from "./tests/parts.mjs";
import { allTests, splitArguments, testsOf } from "./tests/select.mjs";
import { duration, keepPartTime, readTimes } from "./tests/times.mjs";
import { setUp } from "./tests/tools.mjs";
import { runVitest } from "./tests/vitest.mjs";

/** @typedef {import("./tests/vitest.mjs").Count} Count */
/** @typedef {import("./tests/parts.mjs").Part} Part */
/** @typedef {{ name: string, run: (laterMs: number) => Count }} Step */

const COMMANDS = ["--check", "--slow"];

await runScript(() => {
  const args = process.argv.slice(2);
  const { paths, options } = splitArguments(args.filter((arg) => !COMMANDS.includes(arg)));
  const node = ensureNode();
  ensureDependencies({ dev: true, node });

  /** @param {Pick<Part, "name" | "files" | "env">} part @returns {Step} */
  const tests = ({ name, files, env: more }) => ({
    name,
    run: (laterMs) => {
      const { env, files: runnable } = setUp(node, files);
      return runVitest(node, runnable, { options, env: { ...more, ...env }, part: name, laterMs });
    },
  });
  const parts = (/** @type {string} */ command) =>
    partsOf()
      .filter((part) => part.command === command)
      .map(tests);
  const quick = [{ name: "checks", run: () => runChecks(QUICK_CHECKS, node) }, ...parts("check")];

  /** @returns {readonly Step[]} */
  function steps() {
    if (paths.length > 0) return [tests({ name: "tests", files: testsOf(paths) })];
    if (options.length > 0) return [tests({ name: "tests", files: allTests() })];
    if (args.includes("--check")) return quick;
    if (args.includes("--slow")) {
      return [
        ...parts("slow"),
        tests(LONG_FORMS),
        { name: "fault suite", run: () => runFaults(node) },
      ];
    }
    return [
      ...quick,
      { name: "generated code", run: () => runGeneratedCheck(node) },
      ...parts("test"),
    ];
  }
  runSteps(steps());
});

/** @param {readonly Step[]} steps */
function runSteps(steps) {
  const { parts: lastMs } = readTimes();
  const laterThan = (/** @type {number} */ at) =>
    steps.slice(at + 1).reduce((sum, { name }) => sum + (lastMs[name] ?? 0), 0);
  /** @type {Count} */
  const whole = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const [at, { name, run }] of steps.entries()) {
    const left = laterThan(at - 1);
    const about = left === 0 ? "" : `, about ${duration(left)} left in all`;
    process.stdout.write(`\n[${at + 1} of ${steps.length}] ${name}${about}\n`);
    const startedAtMs = performance.now();
    const { passed, failed, skipped, failures } = run(laterThan(at));
    const tookMs = performance.now() - startedAtMs;
    if (steps.length > 1) keepPartTime(name, tookMs);
    process.stdout.write(`${name}: ${passed} passed, ${failed} failed in ${duration(tookMs)}\n`);
    whole.passed += passed;
    whole.failed += failed;
    whole.skipped += skipped;
    whole.failures.push(...failures);
  }
  const { passed, failed, skipped, failures } = whole;
  if (passed + failed === 0) process.stdout.write("No test ran.\n");
  if (failed > 0 || passed === 0) process.exitCode = 1;
  for (const failure of failures) process.stdout.write(`\nFailed: ${failure}`);
  if (failures.length > 0) process.stdout.write("\n");
  process.stdout.write(
    `\n${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}\n`,
  );
}
