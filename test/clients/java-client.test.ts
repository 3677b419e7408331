// The tests of the Java client, which are JUnit's, on a real server where they ask for one.

import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { findRedisServer } from "../support/redis.ts";

const PACKAGE = resolve(import.meta.dirname, "../../clients/java");
const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const DEADLINE_MS = 600_000;
/** Of Java: threads of handlers are virtual from then on. */
const FIRST_WITH_VIRTUAL_THREADS = 21;
/** Where systems put JDKs. */
const JDKS = ["/usr/lib/jvm", "/Library/Java/JavaVirtualMachines"];
const newer = newerJdk();

it("passes its own tests, is formatted, and has no complaint of ErrorProne or Javadoc", {
  timeout: DEADLINE_MS + 10_000,
}, async () => {
  const { code, output } = await maven("-P", "checks", "test", "javadoc:javadoc");
  expect(code, output).toBe(0);
});

it.skipIf(newer === undefined && process.env.CI === undefined)(
  "does so on a Java that has virtual threads",
  { timeout: DEADLINE_MS + 10_000 },
  async () => {
    const jvm = `-Djvm=${join(newer ?? "a JDK of 21 or newer", "bin/java")}`;
    const { code, output } = await maven(
      "-P",
      "checks",
      jvm,
      "-Dtest=ThreadsTest,WorkerTest,CloseTest",
      "test",
    );
    expect(code, output).toBe(0);
  },
);

/** Its folder. Each has a file that says its version. */
function newerJdk(): string | undefined {
  const installed = JDKS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder).flatMap((name) => [
      join(folder, name),
      join(folder, name, "Contents/Home"),
    ]),
  );
  return [process.env.JAVA_HOME ?? "", ...installed].find((home) => {
    const release = join(home, "release");
    if (home === "" || !existsSync(release)) return false;
    const major = /^JAVA_VERSION="(\d+)/m.exec(readFileSync(release, "utf8"))?.[1];
    return Number(major) >= FIRST_WITH_VIRTUAL_THREADS;
  });
}

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
