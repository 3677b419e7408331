// What `npm test` shows of a run of vitest: how far it is, how long the rest may take, and failures in
// full. What it counted goes to the file that DLQ_TEST_REPORT names.

import { readFileSync, writeFileSync } from "node:fs";
import {
  MinimalReporter,
  type TestCase,
  type TestModule,
  type TestSpecification,
  type Vitest,
} from "vitest/node";

const {
  DLQ_TEST_REPORT: REPORT,
  DLQ_TEST_TIMES: TIMES,
  DLQ_TEST_PART: PART = "tests",
} = process.env;
/** What the parts after this one took the last time. */
const LATER_MS = Number(process.env.DLQ_TEST_LATER_MS ?? 0);
const LINE_EVERY_MS = 15_000;
const TERMINAL_EVERY_MS = 500;
const CLEAR = "\r\x1b[K";

/** Tests and time of a file when it ran the last time. */
interface FileTimes {
  readonly tests: number;
  readonly ms: number;
}

export default class ProgressReporter extends MinimalReporter {
  readonly #last = lastTimes();
  readonly #files = new Map<string, FileTimes>();
  /** Tests that are done, by file. */
  readonly #done = new Map<string, number>();
  readonly #counts = { passed: 0, failed: 0, skipped: 0 };
  /** A line for each failure. */
  readonly #failures: string[] = [];
  #expected = { tests: 0, ms: 0 };
  #startedAtMs = 0;
  #timer: NodeJS.Timeout | undefined;

  override onInit(vitest: Vitest): void {
    this.ctx = vitest; // and no banner
    this.silent = "passed-only";
  }

  override onTestRunStart(specifications: readonly TestSpecification[]): void {
    super.onTestRunStart(specifications);
    const known = specifications.flatMap(
      ({ moduleId }) => this.#last[this.relative(moduleId)] ?? [],
    );
    // A file that never ran is taken to be as long as the others are.
    const scale = known.length === 0 ? 0 : specifications.length / known.length;
    const sum = (of: (times: FileTimes) => number) =>
      scale * known.reduce((n, one) => n + of(one), 0);
    this.#expected = { tests: Math.round(sum(({ tests }) => tests)), ms: sum(({ ms }) => ms) };
    this.#startedAtMs = performance.now();
    this.#timer = setInterval(
      () => this.#show(),
      this.isTTY ? TERMINAL_EVERY_MS : LINE_EVERY_MS,
    ).unref();
  }

  override onTestCaseResult(test: TestCase): void {
    super.onTestCaseResult(test);
    const { state, errors } = test.result();
    if (state === "pending") return;
    this.#counts[state]++;
    const file = this.relative(test.module.moduleId);
    if (state === "failed") this.#failed(`${file} > ${test.fullName}`, errors);
    this.#done.set(file, (this.#done.get(file) ?? 0) + 1);
  }

  override onTestModuleEnd(module: TestModule): void {
    super.onTestModuleEnd(module);
    const tests = [...module.children.allTests()];
    const { collectDuration, setupDuration, prepareDuration, environmentSetupDuration, duration } =
      module.diagnostic();
    const ms =
      collectDuration + setupDuration + prepareDuration + environmentSetupDuration + duration;
    this.#files.set(this.relative(module.moduleId), { tests: tests.length, ms: Math.round(ms) });
    // A file that could not be loaded or prepared has no failed test of its own; it counts as one.
    const isBroken = tests.every((test) => test.result().state !== "failed");
    if (module.state() !== "failed" || !isBroken) return;
    this.#counts.failed++;
    this.#failed(this.relative(module.moduleId), module.errors());
  }

  override onTestRunEnd(...args: Parameters<MinimalReporter["onTestRunEnd"]>): void {
    clearInterval(this.#timer);
    super.onTestRunEnd(...args);
    const outside = args[1];
    this.#counts.failed += outside.length;
    for (const error of outside) this.#failed("outside of all tests", [error]);
    if (this.isTTY) process.stdout.write(CLEAR);
    const report = {
      ...this.#counts,
      failures: this.#failures,
      files: Object.fromEntries(this.#files),
    };
    if (REPORT !== undefined) writeFileSync(REPORT, JSON.stringify(report));
  }

  /** The script that runs all parts prints its own. */
  override reportTestSummary(): void {}

  override log(...messages: unknown[]): void {
    if (this.isTTY) process.stdout.write(CLEAR);
    super.log(...messages);
  }

  #failed(name: string, errors: readonly { readonly message: string }[] = []): void {
    const [why = ""] = (errors[0]?.message ?? "").split("\n");
    this.#failures.push(why === "" ? name : `${name}: ${why}`);
  }

  #show(): void {
    const tookMs = performance.now() - this.#startedAtMs;
    const { passed, failed, skipped } = this.#counts;
    const done = passed + failed + skipped;
    const expected = Math.max(this.#expected.tests, done);
    const leftMs = this.#leftMs(tookMs);
    const parts = [
      `${PART}: ${expected > done ? `${done} of ${expected}` : done} tests done`,
      ...(failed === 0 ? [] : [`${failed} failed`]),
      duration(tookMs),
      ...(leftMs === undefined ? [] : [`about ${duration(leftMs)} left in all`]),
    ];
    const line = parts.join(", ");
    process.stdout.write(this.isTTY ? `${CLEAR}${line}` : `${line}\n`);
  }

  /** Undefined where the last run says nothing. */
  #leftMs(tookMs: number): number | undefined {
    const { ms, tests } = this.#expected;
    if (ms === 0) return undefined;
    let doneMs = 0;
    for (const [file, done] of this.#done) {
      const last = this.#last[file] ?? { ms: (ms * done) / Math.max(1, tests), tests: done };
      doneMs += last.ms * Math.min(1, done / Math.max(1, last.tests));
    }
    const share = Math.min(1, doneMs / ms);
    // At first by the last run's speed, then by this one's.
    const wholeMs = share > 0.2 ? tookMs / share : ms / this.ctx.config.maxWorkers;
    return wholeMs * (1 - share) + LATER_MS;
  }
}

function lastTimes(): Readonly<Record<string, FileTimes>> {
  try {
    return JSON.parse(readFileSync(TIMES ?? "", "utf8")).files;
  } catch {
    return {}; // nothing has run yet
  }
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
