// Runs the pytest tests of the Python client. Each file is one test here.

import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { findPython, pythonEnvironment } from "../support/python.ts";
import { findRedisServer } from "../support/redis.ts";

const PACKAGE = resolve(import.meta.dirname, "../../clients/python");
const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const FILES = readdirSync(resolve(PACKAGE, "tests")).filter((name) => /^test_.*\.py$/.test(name));

/** Of a file, with a cold cache of packages on a slow machine. */
const DEADLINE_MS = 900_000;

it.for(FILES)("%s", { timeout: DEADLINE_MS + 10_000 }, async (name) => {
  const { code, output } = await pytest(`tests/${name}`);
  expect(code, output).toBe(0);
});

function pytest(path: string): Promise<{ code: unknown; output: string }> {
  const env = {
    ...pythonEnvironment(),
    DLQ_SERVER_COMMAND: `${process.execPath} ${MAIN}`,
    DLQ_REDIS_SERVER: findRedisServer(),
  };
  const args = ["-m", "pytest", "-q", "-p", "no:cacheprovider", path];
  return new Promise((done) => {
    execFile(findPython(), args, { cwd: PACKAGE, env, timeout: DEADLINE_MS }, (error, out, err) => {
      done({ code: error === null ? 0 : (error.code ?? error.signal), output: `${out}\n${err}` });
    });
  });
}
