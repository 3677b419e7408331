// Compares the delays in docs/reference/retry-policies.md with those of the server.

import { fromJsonString } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { RetryPolicySchema } from "../../gen/dlq/v1/message_pb.ts";
import { formatDuration } from "../../src/config/duration.ts";
import { overridePolicy } from "../../src/core/policy-override.ts";
import { PRESETS } from "../../src/core/presets.ts";
import {
  BACKOFF_KINDS,
  JITTERS,
  type QueueSettings,
  type RetryPolicy,
} from "../../src/core/settings.ts";
import { simulateSchedule } from "../../src/core/simulate.ts";
import { whyNonRetryable } from "../../src/core/verdict.ts";
import { readPolicy } from "../../src/rpc/convert/retry-policy.ts";
import { Violations } from "../../src/rpc/convert/violations.ts";
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

const range = (minMs: number, maxMs: number) =>
  minMs === maxMs ? formatDuration(minMs) : `${formatDuration(minMs)} to ${formatDuration(maxMs)}`;

test.each([...BACKOFF_KINDS, ...["full", "equal", "decorrelated", "max_elapsed"]])(
  "the delays of %s",
  (name) => {
    const { attempts, truncated } = simulateSchedule(policyOf(name), 0);
    const expected = attempts.map(({ attempt, delayMs, minDelayMs, maxDelayMs }) => [
      String(attempt),
      formatDuration(delayMs),
      range(minDelayMs, maxDelayMs),
    ]);
    expect(tableRows(PAGE, name)).toEqual(expected);
    expect(truncated).toBe(false);
  },
);

test.each(BACKOFF_KINDS)("the example of %s is of that kind", (kind) => {
  expect(policyOf(kind).backoff.kind).toBe(kind);
});

test("the kinds of jitter", () => {
  const names = tableRows(PAGE, "`jitter`").flatMap(([name]) => codesOf(name ?? ""));
  expect(names).toEqual(JITTERS);
  for (const name of ["full", "equal", "decorrelated"]) expect(policyOf(name).jitter).toBe(name);
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

test("the policy of a message in JSON equals the one in YAML", () => {
  const v = new Violations();
  const own = readPolicy(v, "p", fromJsonString(RetryPolicySchema, fence(PAGE, "json policy")));
  v.throwIfAny();
  expect(overridePolicy(PRESETS.standard, own)).toEqual(policyOf("message"));
});

testPage("docs/reference/retry-policies.md", "simulate", 2);
