// Runs the JUnit tests of the Java client. Some of them start a real server.

import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { findRedisServer } from "../support/redis.ts";

const PACKAGE = resolve(import.meta.dirname, "../../clients/java");
const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const DEADLINE_MS = 600_000;
/** The first Java with virtual threads. */
const FIRST_WITH_VIRTUAL_THREADS = 21;
/** Folders of installed JDKs. */
const JDKS = ["/usr/lib/jvm", "/Library/Java/JavaVirtualMachines"];
const newer = newerJdk();

it("the Java client passes its tests, and the checks of format, ErrorProne and Javadoc", {
  timeout: DEADLINE_MS + 10_000,
}, async () => {
  const { code, output } = await maven("-P", "checks", "test", "javadoc:javadoc");
  expect(code, output).toBe(0);
});

it.skipIf(newer === undefined && process.env.CI === undefined)(
  "the Java client passes its tests with virtual threads",
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

it("the Java client passes its tests with an old protobuf", {
  timeout: DEADLINE_MS + 10_000,
}, async () => {
  const { code, output } = await maven(
    "-Ddlq.build=target/protobuf",
    `-Dprotobuf.version=${protocVersion()}`,
    "-Dtest=SendTest,WorkerTest,PayloadTest,FailuresTest,FakeServerTest",
    "test",
  );
  expect(code, output).toBe(0);
});

/** @returns the version of the generated code, the oldest that programs may use */
function protocVersion(): string {
  const pom = readFileSync(join(PACKAGE, "pom.xml"), "utf8");
  return /<protoc\.version>(.+)<\/protoc\.version>/.exec(pom)?.[1] ?? "missing";
}

/** @returns the folder of a JDK with virtual threads; its file `release` has the version */
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
