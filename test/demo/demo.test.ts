// `npm run demo`, as a user runs it.

import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { SERVICES } from "../../examples/demo/services.ts";
import { QuarantineReason, Reason } from "../../gen/dlq/v1/state_pb.ts";
import { connectTo, statsOf } from "../support/grpc.ts";
import { isRunning, runDemo } from "./demo-run.ts";

const SHORT = ["--seconds", "5", "--seed", "3"];

/** Service -> the reason of its failures, and what is quarantined. */
const EXPECTED: Readonly<Record<string, { reason: string; quarantined: string }>> = {
  payments: { reason: "NETWORK_ERROR", quarantined: "0" },
  shipping: { reason: "TIMEOUT", quarantined: "0" },
  stock: { reason: "RESOURCE_EXHAUSTED", quarantined: "0" },
  mail: { reason: "WEBHOOK_FAILED", quarantined: "0" },
  invoices: { reason: "VALIDATION_FAILED", quarantined: "8 NON_RETRYABLE" },
  coupons: { reason: "EXECUTION_FAILED", quarantined: "4 RETRIES_EXHAUSTED" },
};

interface SummaryRow {
  readonly reason: string;
  readonly sendRequests: number;
  readonly recovered: number;
  readonly attempts: number;
  readonly quarantined: string;
}

function summaryRow(output: string, queue: string): SummaryRow {
  const row = new RegExp(
    `^${queue} +(\\S+)(?: \\+\\d)? +(\\d+) +(\\d+) +(\\d+)  (\\d.*)$`,
    "m",
  ).exec(output);
  const [, reason = "no row", sendRequests, recovered, attempts, quarantined = ""] = row ?? [];
  const [first = 0, second = 0, third = 0] = [sendRequests, recovered, attempts].map(Number);
  return { reason, sendRequests: first, recovered: second, attempts: third, quarantined };
}

test("each order ends by its failure, the summary equals Stats, and the printed commands work", async () => {
  const run = await runDemo([...SHORT, "--keep"]);
  const [, address = ""] = await run.untilOutput(/(127\.0\.0\.1:\d+) dlq\.v1\.DlqService\/Stats/);
  await run.untilOutput(/Ctrl-C ends it/);
  const { dlq, close } = connectTo(address);

  let sendRequests = 0;
  for (const { name } of SERVICES) {
    const row = summaryRow(run.output(), name);
    const { reason, quarantined: setAside } = EXPECTED[name] ?? {};
    expect(row.quarantined, name).toBe(setAside);
    // On a slow machine a call of the demo may run into its own deadline.
    expect([reason, "TIMEOUT"], name).toContain(row.reason);
    const { totals, quarantined, scheduled, inFlight, counts } = await statsOf(dlq, name);
    expect(row.sendRequests).toBe(Number(totals?.accepted));
    expect(row.recovered).toBe(Number(totals?.succeeded));
    expect(row.attempts).toBe(Number((totals?.succeeded ?? 0n) + (totals?.failedAttempts ?? 0n)));
    expect(row.sendRequests).toBe(row.recovered + Number(quarantined));
    expect([scheduled, inFlight]).toEqual([0n, 0n]);
    for (const { reason: code, quarantineReason } of counts) {
      expect(Reason[row.reason as keyof typeof Reason]).toBe(code);
      expect(row.quarantined).toContain(
        Object.entries(QuarantineReason).find(([, value]) => value === quarantineReason)?.[0],
      );
    }
    sendRequests += row.sendRequests;
  }
  const [, orders, atOnce, dead] =
    /^(\d+) orders in .*: (\d+) succeeded at once, (\d+) became/m.exec(run.output()) ?? [];
  expect(Number(dead)).toBe(sendRequests);
  expect(Number(orders)).toBe(Number(atOnce) + sendRequests);
  expect(Number(orders)).toBe(SERVICES.reduce((sum, service) => sum + service.orders, 0));

  const [, retry = ""] = /-d '(.*)' \\\n.*DlqService\/Retry/.exec(run.output()) ?? [];
  await dlq.retry(JSON.parse(retry));
  await run.untilOutput(/(?:to coupons recovered on attempt 1 [\s\S]*){4}/);
  close();

  const started = run.descendants();
  expect(started.length).toBeGreaterThanOrEqual(3); // the demo, its server, its Redis
  run.signal("SIGINT");
  expect(await run.ended).toBe(0);
  expect(started.filter(isRunning)).toEqual([]);
  expect(await run.leftovers()).toEqual([]);
});

describe("on a terminal", () => {
  const HOME = "\x1b[H";
  const LEAVE = "\x1b[?25h\x1b[?1049l";

  test("lines fit, colours show, and the terminal is restored at the end", async () => {
    const run = await runDemo(SHORT, { onTerminal: true, env: { TERM: "xterm-256color" } });
    await run.untilOutput(/works again/);
    const started = run.descendants();
    expect(await run.ended).toBe(0);
    expect(started.filter(isRunning)).toEqual([]);
    expect(await run.leftovers()).toEqual([]);

    const output = run.output();
    const lines = output.replaceAll(HOME, "\n").split(/\r?\n/).map(stripVTControlCharacters);
    expect(lines.filter((line) => line.length > 79)).toEqual([]);
    const frames = output.split(HOME).slice(1);
    expect(frames.length).toBeGreaterThan(10);
    expect(frames.slice(0, -1).filter((frame) => frame.split("\n").length > 24)).toEqual([]);
    expect(output).toContain("\x1b[32m");
    expect(output.split(LEAVE)).toHaveLength(2);
    expect(output.split(LEAVE)[1]).toMatch(
      /^\s+72 orders[\s\S]*What next[\s\S]*npm run demo -- --nats/,
    );
  });

  test("Ctrl-C restores the terminal at once, and NO_COLOR turns colours off", async () => {
    const env = { TERM: "xterm-256color", NO_COLOR: "1" };
    const run = await runDemo(SHORT, { onTerminal: true, env });
    await run.untilOutput(/order \d+ to/);
    const started = run.descendants();
    run.type("\x03");
    expect(await run.ended).toBe(130);
    expect(started.filter(isRunning)).toEqual([]);
    expect(await run.leftovers()).toEqual([]);
    const [shown = "", after] = run.output().split(LEAVE);
    expect(after).toMatch(/\d+ are undecided/);
    expect(shown).toContain("waiting");
    expect(shown).not.toContain("\x1b[32m");
  });
});

test("a wrong argument is reported, and nothing is started", async () => {
  const run = await runDemo(["--seconds", "1000"]);
  expect(await run.ended).toBe(2);
  expect(run.output()).toMatch(/--seconds 1000: give 5 to 60[\s\S]*--help/);
  expect(await run.leftovers()).toEqual([]);
});
