// Runs small benchmarks of this service only, with few messages. The figures mean nothing: the test checks that the
// benchmark measures, counts and ends.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findAgents } from "../contract/agent-program.ts";
import { readCsv } from "../support/csv.ts";
import { type Cell, figureOf } from "./cell.ts";
import { fill } from "./consuming.ts";
import { childrenOf } from "./meter.ts";
import { goalResults } from "./report/goals.ts";
import type { ResultFile } from "./report/result-file.ts";
import { measure } from "./runner.ts";
import { startDlqWithNats } from "./systems/dlq.ts";

const MAIN = resolve(import.meta.dirname, "main.ts");
/**
 * A server or load process that has just started may need 0.2 s for its first messages on a slow machine. If a sample
 * ended before, all its answers came at once, and there is no rate.
 */
const SMALL = ["--samples", "3", "--seconds", "0.5"];

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    text.stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    text.stderr += chunk.toString();
  });
  const ended = once(child, "close").then(
    ([code]): Ended => ({ code: code as number | null, ...text }),
  );
  return { child, ended };
}

const bench = (...args: readonly string[]) => start(args).ended;

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dlq-bench-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("rows become a table and a file, and can be compared with an earlier run", async () => {
  const file = join(await temporaryFolder(), "results.json");
  const csv = `${file}.csv`;
  const only = ["send-batch", "deliver", "lateness-100"].flatMap((row) => [
    "--only",
    `${row}/dlq:always`,
  ]);
  const first = await bench(...only, ...SMALL, "--json", file, "--csv", csv);
  expect(first.code, first.stdout + first.stderr).toBe(0);
  expect(first.stdout).toMatch(
    /^\| send-batch +\| dlq:always +\| [\d,]+ msg\/s \([\d,]+ – [\d,]+\)/m,
  );
  expect(first.stdout).toMatch(/^\| deliver +\| dlq:always .*server [\d.]+, redis [\d.]+, load/m);
  expect(first.stdout).toMatch(/^\| lateness-100 +\| dlq:always +\| p50 [\d.]+ ms/m);

  const { cells } = JSON.parse(await readFile(file, "utf8")) as ResultFile;
  expect(cells.map(({ row }) => row)).toEqual(["send-batch", "deliver", "lateness-100"]);
  for (const { figures = {} } of cells) {
    for (const { samples, median, min, max } of Object.values(figures)) {
      expect(samples).toHaveLength(3);
      expect(min).toBeGreaterThan(0);
      expect([...samples].sort((a, b) => a - b)).toEqual([min, median, max]);
    }
  }

  const lines = readCsv(await readFile(csv, "utf8"));
  const count = expect.stringMatching(/^[\d.]+$/);
  for (const [row, figure, unit] of [
    ["send-batch", "rate", "msg/s"],
    ["deliver", "CPU redis", "ms / 1000 messages"],
    ["lateness-100", "p99", "ms"],
  ]) {
    expect(lines).toContainEqual([row, "dlq:always", figure, unit, count, count, count]);
  }

  const again = await bench(
    "--only",
    "deliver/dlq:always",
    ...SMALL,
    "--compare",
    file,
    "--json",
    `${file}2`,
  );
  expect(again.code, again.stdout + again.stderr).toBe(0);
  expect(again.stdout).toMatch(/^\| deliver .*\| [+-]?\d+ %( !)? +\|$/m);
});

test("batch jobs are measured, alone and beside deliveries", async () => {
  const only = ["job-retry", "deliver-job"].flatMap((row) => ["--only", row]);
  const json = join(await temporaryFolder(), "results.json");
  const { code, stdout, stderr } = await bench(...only, ...SMALL, "--json", json);
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toMatch(
    /^\| job-retry +\| dlq:always +\| [\d,]+ msg\/s \(.*\), create [\d.]+ ms .*server [\d.]+, redis [\d.]+/m,
  );
  expect(stdout).toMatch(
    /^\| deliver-job +\| dlq:always +\| [\d,]+ msg\/s \(.*\), alone [\d,]+ msg\/s \(.*\), ratio [\d.]+ x \(.*\), job [\d,]+ msg\/s/m,
  );
  const { goals } = JSON.parse(await readFile(json, "utf8")) as ResultFile;
  expect(goals).toHaveLength(3);
}, 600_000);

test("clients of other languages are measured like the TypeScript client", async () => {
  const file = join(await temporaryFolder(), "results.json");
  const args = ["--only", "*-client-python*", ...SMALL, "--json", file];
  const { code, stdout, stderr } = await bench(...args);
  expect(code, stdout + stderr).toBe(0);
  for (const row of ["send-client-python", "send-client-python-asyncio"]) {
    const figures = /[\d,]+ msg\/s \(.*\), p50 [\d.,]+ ms .*server [\d.]+, redis [\d.]+, load/;
    expect(stdout).toMatch(new RegExp(`^\\| ${row} +\\| dlq:always +\\| ${figures.source}`, "m"));
  }
  for (const row of ["deliver-client-python", "deliver-client-python-asyncio"]) {
    expect(stdout).toMatch(new RegExp(`^\\| ${row} +\\| dlq:always +\\| [\\d,]+ msg/s`, "m"));
  }
}, 600_000);

test("clients of built languages are measured by their agents", async () => {
  const agents = findAgents().filter(({ isBuilt }) => isBuilt !== undefined);
  for (const { ready } of agents) await ready();
  const only = agents.flatMap(({ language }) => ["--only", `*-client-${language}`]);
  const args = [...only, ...SMALL];
  const { code, stdout, stderr } = await start(args, { DLQ_BENCH_AGENTS: "test" }).ended;
  expect(code, stdout + stderr).toBe(0);
  for (const { language } of agents) {
    for (const row of [`send-client-${language}`, `deliver-client-${language}`]) {
      expect(stdout).toMatch(new RegExp(`^\\| ${row} +\\| dlq:always +\\| [\\d,]+ msg/s`, "m"));
    }
  }
}, 600_000);

test("a failing row is reported, the others run, and the exit code is 1", async () => {
  const file = join(await temporaryFolder(), "results.json");
  const rows = ["--only", "send-unary/noop:http2", "--only", "deliver/dlq:always"];
  const args = [...rows, ...SMALL, "--json", file];
  const { code, stdout, stderr } = await start(args, { DLQ_BENCH_GHZ: "/no/such/ghz" }).ended;
  expect(code).toBe(1);
  expect(stdout).toMatch(/^\| send-unary +\| noop:http2 +\| FAILED: .*\/no\/such\/ghz/m);
  expect(stdout).toMatch(/^\| deliver +\| dlq:always +\| [\d,]+ msg\/s/m);
  expect(stderr).toContain("send-unary/noop:http2 failed: ");
  const { cells } = JSON.parse(await readFile(file, "utf8")) as ResultFile;
  expect(cells.map(({ failure }) => failure !== undefined)).toEqual([true, false]);
});

test("wrong arguments are reported, and nothing runs", async () => {
  expect(await bench("--samples", "none")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--samples takes a number of at least 1, not none."),
  });
  expect(await bench("--only", "no-such-row")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/No row matches no-such-row. Rows: send-unary, /),
  });
});

test("help and the list of rows need no tools", async () => {
  expect((await bench("--help")).stdout).toContain("npm run bench -- --full");
  const { stdout } = await bench("--list", "--only", "deliver*/dlq:always");
  expect(stdout.split("\n")).toContain("deliver-200-streams/dlq:always");
  expect(stdout).not.toContain("send-batch");
});

test("a sample pays for its events, and has no part of the time until they are published", async () => {
  const SPENT_MS = 300;
  const system = {
    ...{ name: "dlq:always+nats" as const, grpcAddresses: [], loads: [] },
    pids: () => ({ server: [process.pid] }),
    startLoad: () => expect.unreachable(),
    redis: () => expect.unreachable(),
    stop: async () => {},
    async settled() {
      const before = process.cpuUsage();
      const spentMs = ({ user, system } = process.cpuUsage(before)) => (user + system) / 1_000;
      while (spentMs() < SPENT_MS);
    },
  };
  const trial = { sample: async () => ({ figures: {}, messages: 1 }) };
  const { wallMs, usages } = await measure(trial, system);
  expect(wallMs).toBeLessThan(SPENT_MS / 2);
  expect(usages.server?.cpuMs).toBeGreaterThan(SPENT_MS / 2);
});

test("all events of earlier work are published once a system has settled", async () => {
  const system = await startDlqWithNats("dlq:always+nats", []);
  onTestFinished(() => system.stop());
  const metrics = async () => (await fetch(`http://${system.httpAddress}/metrics`)).text();
  system.nats.pause();
  await fill(system.startLoad(), { queue: "orders", bytes: 100 }, 1_000);
  let isSettled = false;
  const settling = system.settled?.().then(() => {
    isSettled = true;
  });
  await expect.poll(metrics, { timeout: 20_000 }).toMatch(/^dlq_event_partitions_waiting 1$/m);
  expect(isSettled).toBe(false);
  system.nats.resume();
  await settling;
  // Each message is added and its retry scheduled; the first one opens a group.
  expect(await metrics()).toMatch(/^dlq_events_published_total 2001$/m);
});

test("an interrupted run ends all its processes", async () => {
  const { child, ended } = start(["--only", "deliver/dlq:always", "--samples", "1000"]);
  const parts = () => childrenOf(child.pid ?? 0).flatMap((pid) => [pid, ...childrenOf(pid)]);
  // The server, its Redis, the load.
  await expect.poll(() => parts().length, { timeout: 20_000 }).toBe(3);
  const pids = parts();
  child.kill("SIGINT");
  expect(await ended).toMatchObject({ code: 1, stdout: expect.stringContaining("FAILED") });
  expect(pids.filter(isRunning)).toEqual([]);
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const cell = (row: string, system: Cell["system"], rate: number): Cell => ({
  row,
  system,
  figures: { rate: figureOf([rate]) },
});

test("only measured goals are reported", () => {
  const cells = [
    cell("send-unary", "dlq:always", 12),
    cell("send-unary", "noop:grpc-js", 20),
    cell("deliver", "dlq:always", 30),
    cell("deliver", "bullmq:always", 20),
    { row: "deliver", system: "asynq:always", failure: "it broke" } as const,
  ];
  expect(goalResults(cells)).toMatchObject([
    { goal: "unary send / no-op grpc-js", value: 0.6, isMet: true },
    { goal: "deliver + ack / BullMQ, always", value: 1.5, isMet: false },
  ]);
});

test("the median is the middle one, or between the two in the middle", () => {
  expect(figureOf([3, 1, 2])).toMatchObject({ median: 2, min: 1, max: 3 });
  expect(figureOf([4, 1, 2, 3])).toMatchObject({ median: 2.5, min: 1, max: 4 });
});
