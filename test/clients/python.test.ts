// Runs the checks of a Python program with plain grpcio stubs. Each check is one test here.

import { execFile, execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { findPython, pythonEnvironment } from "../support/python.ts";
import { startTestServer } from "../support/server.ts";

interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  /** What is wrong; empty if `ok`. */
  readonly detail: string;
}

/** For all checks together, which take about five seconds. */
const DEADLINE_MS = 120_000;
const SCRIPT = resolve(import.meta.dirname, "python/roundtrip.py");

const python = findPython();
const names = checkNames();

describe("a Python program with plain stubs", () => {
  const results = new Map<string, CheckResult>();
  let output = "";

  beforeAll(async () => {
    const server = await startTestServer();
    try {
      const { stdout, stderr } = await runChecks(server.grpcAddress);
      output = `${stderr}\n${server.output()}`;
      for (const line of stdout.split("\n").filter((text) => text !== "")) {
        const result = JSON.parse(line) as CheckResult;
        results.set(result.name, result);
      }
    } finally {
      await server.stop();
    }
  }, DEADLINE_MS + 60_000);

  it.for(names)("%s", (name) => {
    const result = results.get(name);
    expect(result, `the program ended before this check:\n${output}`).toBeDefined();
    expect(result, result?.detail).toMatchObject({ ok: true });
  });
});

function checkNames(): string[] {
  const options = { env: pythonEnvironment(), encoding: "utf8" } as const;
  return JSON.parse(execFileSync(python, [SCRIPT, "--list"], options)) as string[];
}

/** Never rejects: the tests report failed and missing checks. */
function runChecks(address: string): Promise<{ stdout: string; stderr: string }> {
  const options = { env: pythonEnvironment(), timeout: DEADLINE_MS };
  return new Promise((done) => {
    execFile(python, [SCRIPT, address], options, (error, stdout, stderr) => {
      // Exit code 1: a check failed, which has its own line.
      const message = error === null || error.code === 1 ? "" : error.message;
      done({ stdout, stderr: `${message}\n${stderr}` });
    });
  });
}
