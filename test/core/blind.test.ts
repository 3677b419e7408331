// Categorizes real failures that were labelled before the table was tuned with half of them. test/golden/collect/README.md
// has the rules.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { categorize } from "../../src/core/categorize.ts";
import { REASONS, type Reason } from "../../src/core/reason.ts";

interface BlindFailure {
  readonly language: string;
  readonly name: string;
  readonly library: string;
  readonly type: string;
  readonly message: string;
  readonly grpc_code?: number;
  readonly http_status?: number;
  readonly code?: string;
  readonly sqlstate?: string;
  readonly reason: Reason;
}

const LANGUAGES = ["javascript", "python", "go", "java", "rust"] as const;
const FOLDER = join(import.meta.dirname, "../golden/blind");

function read(language: string): BlindFailure[] {
  const lines = readFileSync(join(FOLDER, `${language}.jsonl`), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => ({ language, ...JSON.parse(line) }));
}

const ALL = LANGUAGES.flatMap(read);

function isForTuning({ language, name }: BlindFailure): boolean {
  const hash = createHash("sha256").update(`${language}/${name}`).digest("hex");
  return Number.parseInt(hash.charAt(0), 16) < 8;
}

function resultOf({ type, message, grpc_code, http_status, code, sqlstate }: BlindFailure): Reason {
  const attributes = { ...(code && { code }), ...(sqlstate && { sqlstate }) };
  return categorize({ type, message, grpcCode: grpc_code, httpStatus: http_status, attributes });
}

/** Counts results; UNKNOWN_ERROR is not wrong, only without a policy of its own. */
function measure(failures: readonly BlindFailure[]) {
  const isRight = (failure: BlindFailure) => resultOf(failure) === failure.reason;
  const right = failures.filter(isRight).length;
  const wrong = failures.filter((one) => !isRight(one) && resultOf(one) !== "UNKNOWN_ERROR").length;
  return { count: failures.length, right: right / failures.length, wrong: wrong / failures.length };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function print(title: string, failures: readonly BlindFailure[]): void {
  const { count, right, wrong } = measure(failures);
  process.stdout.write(
    `${title}: ${count} failures, ${percent(right)} right, ${percent(wrong)} wrong\n`,
  );
}

const HALVES = {
  tuning: ALL.filter(isForTuning),
  "held out": ALL.filter((failure) => !isForTuning(failure)),
};

describe.each(LANGUAGES)("%s", (language) => {
  const failures = ALL.filter((failure) => failure.language === language);

  it("has at least 40 failures with unique names and valid reasons", () => {
    expect(failures.length).toBeGreaterThanOrEqual(40);
    expect(new Set(failures.map(({ name }) => name)).size).toBe(failures.length);
    expect(failures.filter(({ reason }) => !(reason in REASONS))).toEqual([]);
  });

  it("has no data of the machine", () => {
    const traces = /127\.0\.0\.1:[1-9]|\/(?:tmp|home|root|work)\/\w|0x[0-9a-f]{6}/;
    expect(failures.filter(({ type, message }) => traces.test(`${type} ${message}`))).toEqual([]);
  });
});

test.each(["tuning", "held out"] as const)("figures of the half: %s", (half) => {
  for (const language of LANGUAGES) {
    print(
      `${half}, ${language}`,
      HALVES[half].filter((one) => one.language === language),
    );
  }
  print(half, HALVES[half]);
});
