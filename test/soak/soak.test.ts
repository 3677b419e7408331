// A soak of a few seconds at a low rate: it must complete, and find a real leak. It cannot judge memory, which grows in
// a young process.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type ClientHttp2Session, connect } from "node:http2";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { queueBase } from "../../src/store/redis/keys.ts";
import { childrenOf } from "../bench/meter.ts";
import { connectToRedis } from "./redis-figures.ts";
import type { SoakReport } from "./report.ts";

const MAIN = resolve(import.meta.dirname, "main.ts");
const SHORT = ["--minutes", "0.15", "--rate", "200", "--every", "0.3"];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dlq-soak-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Started {
  readonly pid: number;
  readonly grpcAddress: string;
  readonly dataDir: string;
}

/** @param onStart called when the server runs */
async function soak(args: readonly string[], onStart: (started: Started) => void = () => {}) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  let stderr = "";
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    const [, grpcAddress, dataDir] = /^server (\S+), data (\S+)$/.exec(line) ?? [];
    if (grpcAddress && dataDir) onStart({ pid: child.pid ?? 0, grpcAddress, dataDir });
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: lines.join("\n"), stderr };
}

async function readReport(file: string): Promise<SoakReport> {
  return JSON.parse(await readFile(file, "utf8")) as SoakReport;
}

const wrongOf = ({ verdicts }: SoakReport) =>
  verdicts.filter(({ wrong }) => wrong !== undefined).map(({ figure }) => figure);

const isMemoryOrTime = (figure: string) => /^(server (RSS|heap|external)|lateness)/.test(figure);

test.concurrent("a run has every part of the load, loses nothing, and leaves nothing behind", async () => {
  const file = join(folder, "steady.json");
  const { code, stdout, stderr } = await soak([...SHORT, "--out", file]);
  expect(stderr).toBe("");
  const report = await readReport(file);
  expect(report.samples.length).toBeGreaterThan(2);
  expect(report.missing).toEqual([]);
  expect(report.ending.totals.sent).toBeGreaterThan(100);
  expect(report.ending.succeeded).toBe(report.ending.totals.sent);
  expect(report.samples.some(({ latenessMs }) => (latenessMs?.p99 ?? 0) > 0)).toBe(true);
  expect(report.verdicts.map(({ figure }) => figure)).toEqual(
    expect.arrayContaining(["server RSS", "server handles", "keys states", "keys answers"]),
  );
  expect(wrongOf(report).filter((figure) => !isMemoryOrTime(figure))).toEqual([]);
  expect(code).toBe(wrongOf(report).length === 0 ? 0 : 1);
  expect(stdout).toMatch(/^ +\d+ s {2}[\d,.]+\/s, \d+ stored.* handles; Redis .* keys$/m);
  expect(stdout).toMatch(/^\| keys states +\| \d+ +\| \d+ +\| \d+ +\| ok +\|$/m);
}, 600_000);

test.concurrent("leaks of keys and connections are reported", async () => {
  const file = join(folder, "leak.json");
  const held: ClientHttp2Session[] = [];
  let stopLeaking = async () => {};
  const { code, stdout } = await soak([...SHORT, "--out", file], (started) => {
    stopLeaking = startLeaking(started, held);
  });
  await stopLeaking();
  for (const session of held) session.destroy();
  expect(code).toBe(1);
  expect(stdout).toContain("Something grew");
  expect(wrongOf(await readReport(file))).toEqual(
    expect.arrayContaining(["keys forgotten", "server handles"]),
  );
}, 600_000);

/** Leaks twenty keys and ten connections per second, until the server ends. */
function startLeaking({ grpcAddress, dataDir }: Started, held: ClientHttp2Session[]) {
  const connecting = connectToRedis(dataDir);
  let count = 0;
  const timer = setInterval(() => {
    const name = `${queueBase("dlq", "soak")}:forgotten:${++count}`;
    void connecting.then((redis) => redis.set(name, "")).catch(() => {});
    if (count % 2 === 0) return;
    const session = connect(`http://${grpcAddress}`);
    session.on("error", () => {});
    held.push(session);
  }, 50);
  return async () => {
    clearInterval(timer);
    (await connecting).disconnect();
  };
}

test.concurrent("an interrupted run ends all its processes and reports the signal", async () => {
  let parts: number[] = [];
  const { code, stderr } = await soak(["--rate", "50"], ({ pid }) => {
    parts = childrenOf(pid).flatMap((child) => [child, ...childrenOf(child)]);
    process.kill(pid, "SIGINT");
  });
  expect(parts.length).toBeGreaterThanOrEqual(4); // the server, its Redis, producer, consumer
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("ended by SIGINT") });
  expect(parts.filter(isRunning)).toEqual([]);
}, 300_000);

test("wrong arguments are reported, and nothing runs", async () => {
  expect(await soak(["--rate", "none"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--rate takes a number from 1 to 100000, not none."),
  });
  expect((await soak(["--help"])).stdout).toContain("npm run soak -- --minutes 5");
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
