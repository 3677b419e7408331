// Compares the delays in docs/reference/retry-policies.md with those of the server.

import { expect, test } from "vitest";
import { formatDuration } from "../../src/config/duration.ts";
import {
  BACKOFF_KINDS,
  JITTERS,
  type QueueSettings,
  type RetryPolicy,
} from "../../src/core/settings.ts";
import { simulateSchedule } from "../../src/core/simulate.ts";
import { whyNonRetryable } from "../../src/core/verdict.ts";
import { loadOk } from "../config/load-support.ts";
import { codesOf, fence, readDocument, tableRows } from "./markdown.ts";
import { testPage } from "./page.ts";

const PAGE = readDocument("docs/reference/retry-policies.md");

/** Loads a block of the page as the default settings of queues. */
function load(info: string, path: string): QueueSettings {
  const lines = fence(PAGE, info).trimEnd().split("\n");
  const yaml = `${path}\n${lines.map((line) => `    ${line}\n`).join("")}`;
  return loadOk({ yaml }).queueSettings("q");
}

function policyOf(name: string): RetryPolicy {
  const { retryPolicy } = load(`yaml ${name}`, "defaults:\n  retry_policy:");
  if (retryPolicy === undefined) throw new Error(`${name} is not a policy`);
  return retryPolicy;
}

/** Reads a policy in one line, `{ max_retries: 3 }`, with more fields. */
function policyIn(text: string | undefined, more = ""): RetryPolicy {
  const yaml = `defaults:\n  retry_policy: ${text?.replace(" }", `${more} }`)}`;
  const { retryPolicy } = loadOk({ yaml }).queueSettings("q");
  if (retryPolicy === undefined) throw new Error(`${text} is not a policy`);
  return retryPolicy;
}

const range = (minMs: number, maxMs: number) =>
  minMs === maxMs ? formatDuration(minMs) : `${formatDuration(minMs)} to ${formatDuration(maxMs)}`;

function delaysOf(policy: RetryPolicy): string {
  const { attempts, truncated } = simulateSchedule(policy, 0);
  expect(truncated).toBe(false);
  return attempts.map(({ delayMs }) => formatDuration(delayMs)).join(", ");
}

const BACKOFFS = tableRows(PAGE, "`backoff`");
const JITTER_ROWS = tableRows(PAGE, "`jitter`");

test("the kinds of backoff and jitter", () => {
  const names = (rows: string[][]) => rows.map(([name = ""]) => codesOf(name)[0]);
  expect(names(BACKOFFS)).toEqual(BACKOFF_KINDS);
  expect(names(JITTER_ROWS)).toEqual(JITTERS);
});

test.each(BACKOFFS)("the delays of %s %s", (kind, example = "", delays = "") => {
  const policy = policyIn(codesOf(example)[0]);
  expect(policy.backoff.kind).toBe(codesOf(kind)[0]);
  expect(delaysOf(policy)).toBe(delays);
});

test.each(JITTER_ROWS)("the ranges of %s", (name = "", _, ranges = "") => {
  const example = /draws each delay, here of\s+`([^`]+)`/.exec(PAGE)?.[1];
  const kind = codesOf(name)[0];
  const { attempts } = simulateSchedule(policyIn(example, `, jitter: ${kind}`), 0);
  const found = attempts.map(({ minDelayMs, maxDelayMs }) => range(minDelayMs, maxDelayMs));
  expect(found.join(", ")).toBe(ranges);
  if (name.includes("(default)")) expect(policyIn(example).jitter).toBe(kind);
});

test.each(tableRows(PAGE, "example"))("the delays of %s", (example = "", delays = "") => {
  const policy = policyIn(codesOf(example)[0]);
  expect(policy.maxElapsedMs).toBeGreaterThan(0);
  expect(delaysOf(policy)).toBe(delays);
});

test("the windows", () => {
  const clock = new Intl.DateTimeFormat("en-GB", {
    ...({
      timeZone: "Europe/Berlin",
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
    } as const),
    hourCycle: "h23",
  });
  const rows = tableRows(PAGE, "a failure at");
  const expected = rows.map(([failedAt = ""]) => {
    const dueAtMs = simulateSchedule(policyOf("windows"), Date.parse(failedAt)).attempts[0]
      ?.dueAtMs;
    const due = new Date(dueAtMs ?? Number.NaN);
    return [
      failedAt,
      due.toISOString().replace(":00.000Z", "Z"),
      clock.format(due).replace(",", ""),
    ];
  });
  expect(rows).toEqual(expected);
  expect(rows).toHaveLength(3);
});

test("reasons that are never retried", () => {
  const settings = load("yaml queue", "defaults:").nonRetryableTypes;
  expect(settings).toEqual(["OrderGone", "requests.exceptions.InvalidURL"]);
  const queue = { nonRetryableReasons: [], nonRetryableTypes: settings };
  for (const type of codesOf(/`OrderGone` is (.*)\./.exec(PAGE)?.[1] ?? "")) {
    expect(whyNonRetryable("UNKNOWN_ERROR", type, queue)).toContain("OrderGone");
  }
});

testPage("docs/reference/retry-policies.md", "simulate", 2);
