// The tests of the Java client, which are JUnit's, on a real server where they ask for one.

import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { findRedisServer } from "../support/redis.ts";

const PACKAGE = resolve(import.meta.dirname, "../../clients/java");
const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const DEADLINE_MS = 600_000;

it("passes its own tests, is formatted, and has no complaint of ErrorProne or Javadoc", {
  timeout: DEADLINE_MS + 10_000,
}, async () => {
  const { code, output } = await maven("-P", "checks", "test", "javadoc:javadoc");
  expect(code, output).toBe(0);
});

function maven(...args: string[]): Promise<{ code: unknown; output: string }> {
  const env = {
    ...process.env,
    DLQ_SERVER_COMMAND: `${process.execPath} ${MAIN}`,
    DLQ_REDIS_SERVER: findRedisServer(),
  };
  const all = ["-q", "-B", ...args];
  return new Promise((done) => {
    execFile("mvn", all, { cwd: PACKAGE, env, timeout: DEADLINE_MS }, (error, out, err) => {
      done({ code: error === null ? 0 : (error.code ?? error.signal), output: `${out}\n${err}` });
    });
  });
}
